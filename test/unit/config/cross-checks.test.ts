import { describe, expect, test } from "vitest";
import { crossChecks } from "../../../infra/config/cross-checks.ts";
import { parseConfig } from "../../../infra/config/parse.ts";
import { anyPlace, stepInto } from "../../../infra/config/problem.ts";
import { settingPaths } from "../../../infra/config/setting-paths.ts";
import type { StackConfig } from "../../../infra/config/stack-config.ts";
import { fixtures } from "./config-fixtures.ts";

/** Valid settings as objects that report each value that is taken out of them. */
function watched(value: unknown, path: string, seen: (path: string) => void): unknown {
  if (typeof value !== "object" || value === null) {
    seen(anyPlace(path));
    return value;
  }
  return new Proxy(value, {
    get(target, key) {
      const inner: unknown = Reflect.get(target, key);
      if (typeof key === "symbol" || typeof inner === "function" || key === "length") return inner;
      const step = Array.isArray(target) ? Number(key) : key;
      return watched(inner, stepInto(path, step), seen);
    },
  });
}

const validConfigs: readonly StackConfig[] = fixtures("valid").map(({ settings }) => {
  const parsed = parseConfig(settings);
  if (parsed.kind !== "ok") throw new Error("a valid file is refused");
  return parsed.config;
});

describe("a cross-check", () => {
  test.each(crossChecks)("$name reads only settings that exist", ({ reads }) => {
    expect(reads.filter((path) => !settingPaths.includes(path))).toEqual([]);
  });

  test.each(crossChecks)("$name reads no setting that it does not declare", ({ reads, find }) => {
    const read = new Set<string>();
    for (const config of validConfigs) {
      // The proxy shows the same values as the config that it wraps.
      find(watched(config, "", (path) => read.add(path)) as StackConfig);
    }
    const isDeclared = (path: string) =>
      reads.some((known) => path === known || path.startsWith(`${known}.`) || path.startsWith(`${known}[`));
    expect([...read].filter((path) => !isDeclared(path))).toEqual([]);
  });

  test("names are not used twice", () => {
    const names = crossChecks.map((check) => check.name);
    expect([...new Set(names)]).toEqual(names);
  });

  test("is silent where a setting that it reads is refused, so that one mistake is told once", () => {
    const parsed = parseConfig({
      image: { digest: `sha256:${"0".repeat(64)}` },
      engine: { resources: { shm: "lots" } },
    });
    expect(parsed.kind === "problems" && parsed.problems.map((problem) => problem.rule)).toEqual(["quantity"]);
  });
});
