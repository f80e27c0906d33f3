import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readPinnedStack } from "../../infra/components/pinned-stack.ts";
import { parseConfig } from "../../infra/config/parse.ts";
import type { StackConfig } from "../../infra/config/stack-config.ts";
import { formatLock } from "../../infra/spec/lock/format.ts";
import { digestOf, fullLock } from "../support/locks.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pinned-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function settings(image: object = {}): StackConfig {
  const parsed = parseConfig({ image });
  if (parsed.kind === "problems") throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

test("the lock beside the settings pins the image", () => {
  writeFileSync(join(folder, "keye.lock.yaml"), formatLock(fullLock));
  expect(readPinnedStack(settings(), folder, "Pulumi.prod.yaml").image.digest).toBe(digestOf("a"));
});

test("no lock is needed where the settings hold the digest", () => {
  const digest = digestOf("b");
  expect(readPinnedStack(settings({ digest }), folder, "Pulumi.prod.yaml").image.digest).toBe(digest);
});

test("a missing lock is told with the command that makes it", () => {
  expect(() => readPinnedStack(settings(), folder, "Pulumi.prod.yaml")).toThrow(
    "CONFIG_LOCK: Pulumi.prod.yaml: image.tag: kwaikeye/kwai-keye-vl:keye_vl_v2_30b_a3b is not in keye.lock.yaml. Run keye lock --stack-file Pulumi.prod.yaml, and commit keye.lock.yaml.",
  );
});

test("a lock that cannot be used is told by its name", () => {
  writeFileSync(join(folder, "keye.lock.yaml"), "kind: Secret\n");
  expect(() => readPinnedStack(settings(), folder, "Pulumi.prod.yaml")).toThrow("CONFIG_LOCK: keye.lock.yaml: got ");
});
