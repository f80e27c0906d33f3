import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type BringWorld, bring, type MakingSource } from "../../../scripts/toolchain.d/bring.ts";
import { Cache } from "../../../scripts/toolchain.d/cache.ts";
import { binariesOf, type Tool, tools } from "../../../scripts/toolchain.d/tools.ts";

const modules = join(import.meta.dirname, "../../../scripts/toolchain.d/modules");
const never = new AbortController().signal;
const [etcd] = tools;
const pulumi = tools.find((tool) => tool.companion !== undefined);
if (etcd === undefined || pulumi === undefined) throw new Error("the table lost its tools");

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "keye-cache-"));
});
afterEach(() => rmSync(root, { recursive: true }));

interface FakeWorld extends BringWorld {
  readonly said: string[];
  readonly tried: string[];
}

/** A world in which each kind of source gives the version that `gives` names, or fails with that Error. */
function fakeWorld(gives: Partial<Record<MakingSource["kind"], string | Error>>): FakeWorld {
  const said: string[] = [];
  const tried: string[] = [];
  return {
    said,
    tried,
    cache: new Cache(root, modules, "amd64"),
    lock: { self: { host: "here", pid: 1, started: "1" }, isRunning: () => true, sleep: async () => {} },
    say: (line) => said.push(line),
    make: async (tool, source, folder) => {
      tried.push(source.kind);
      const given = gives[source.kind];
      if (given instanceof Error) throw given;
      for (const name of binariesOf(tool)) writeFileSync(join(folder, "bin", name), given ?? "");
      return `somewhere (${source.kind})`;
    },
    versionOf: async (binary) => readFileSync(binary, "utf8"),
  };
}

function ways(tool: Tool): readonly MakingSource[] {
  const download = tool.download?.("amd64");
  if (download === undefined) throw new Error(`${tool.name} has no download`);
  return [{ kind: "download", download }, { kind: "go" }];
}

test("the first source that works makes the entry, and later ones are not tried", async () => {
  const world = fakeWorld({ download: etcd.version });
  await bring(etcd, ways(etcd), world, never);
  expect(world.tried).toEqual(["download"]);
  expect(readFileSync(world.cache.binary(etcd, "etcd"), "utf8")).toBe(etcd.version);
  expect(world.cache.provenance(etcd)).toEqual({
    source: "download",
    versions: { etcd: etcd.version },
    from: "somewhere (download)",
  });
});

test.each([
  ["fails", new Error("sha256 differs"), "sha256 differs"],
  ["gives another version than the table says", "0.0.1", "the download gave version 0.0.1"],
])("a source that %s is named, and the next one is tried", async (_name, given, reason) => {
  const world = fakeWorld({ download: given, go: etcd.version });
  await bring(etcd, ways(etcd), world, never);
  expect(world.tried).toEqual(["download", "go"]);
  expect(world.said).toContain(`etcd ${etcd.version}: ${reason}`);
  expect(world.cache.provenance(etcd).source).toBe("go");
});

test("when no source works, one error tells all reasons and nothing is left behind", async () => {
  const world = fakeWorld({ download: new Error("answered 404"), go: new Error("go build ended with 1") });
  await expect(bring(etcd, ways(etcd), world, never)).rejects.toMatchObject({
    code: "ENV_TOOL",
    message: `ENV_TOOL: etcd ${etcd.version}: no source worked: answered 404; go build ended with 1.`,
  });
  expect(world.cache.has(etcd)).toBe(false);
  expect(readdirSync(join(root, "partial"))).toEqual([]);
  expect(readdirSync(join(root, "locks"))).toEqual([]);
});

test("an interruption ends it, instead of going on to the next source", async () => {
  const stop = new AbortController();
  const world = fakeWorld({ go: etcd.version });
  const interrupted: BringWorld = {
    ...world,
    make: async () => {
      stop.abort(new Error("interrupted"));
      throw new Error("child ended");
    },
  };
  await expect(bring(etcd, ways(etcd), interrupted, stop.signal)).rejects.toThrow("interrupted");
  expect(world.tried).toEqual([]);
  expect(readdirSync(join(root, "partial"))).toEqual([]);
});

test("what another run has made meanwhile is taken as it is", async () => {
  const world = fakeWorld({ download: etcd.version });
  await bring(etcd, ways(etcd), world, never);
  await bring(etcd, ways(etcd), world, never);
  expect(world.tried).toEqual(["download"]);
});

test("the language host has its own version where it was built, and pulumi's where it came with it", async () => {
  const world = fakeWorld({ go: pulumi.version });
  await bring(pulumi, [{ kind: "go" }], world, never);
  expect(world.cache.provenance(pulumi).versions).toEqual({ pulumi: "3.259.0", "pulumi-language-nodejs": "3.68.0" });
});

test("an entry that another process made first stays", async () => {
  const { cache } = fakeWorld({});
  const first = cache.partial(etcd);
  writeFileSync(join(first, "bin", "etcd"), "first");
  cache.publish(etcd, first, { source: "go", versions: {}, from: "" });
  const second = cache.partial(etcd);
  writeFileSync(join(second, "bin", "etcd"), "second");
  cache.publish(etcd, second, { source: "go", versions: {}, from: "" });
  expect(readFileSync(cache.binary(etcd, "etcd"), "utf8")).toBe("first");
});

test("leftovers of dead processes are swept, those of running ones stay", () => {
  const { cache } = fakeWorld({});
  const mine = cache.partial(etcd);
  cache.sweep((pid) => pid === process.pid);
  expect(existsSync(mine)).toBe(true);
  cache.sweep(() => false);
  expect(existsSync(mine)).toBe(false);
});

test("an entry's name changes with the platform and with what pins the tool", () => {
  const { cache } = fakeWorld({});
  const names = [
    cache.entry(etcd),
    new Cache(root, modules, "arm64").entry(etcd),
    cache.entry({ ...etcd, go: { ...etcd.go, stamp: "-X main.version=1" } }),
    cache.entry({ ...etcd, go: { ...etcd.go, module: "kwok" } }),
  ];
  expect(new Set(names).size).toBe(names.length);
});
