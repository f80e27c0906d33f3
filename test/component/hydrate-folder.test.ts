import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseTransfer } from "../../infra/core/transfer.ts";
import { type FakeHub, fakeCommit, sha256Of, startFakeHub } from "../support/fake-hub.ts";
import {
  emptyFolder,
  type HydrationOptions,
  runHydration,
  sumOfFile,
  testPatience,
  textIn,
} from "../support/hydration.ts";

const shard = randomBytes(1_000_000);
const files = {
  "config.json": '{"architectures": []}',
  "model-1.safetensors": shard,
  "model-2.safetensors": randomBytes(300_000),
  "sub/empty.txt": "",
};

let hub: FakeHub;
let dir: string;
let lines: string[];

beforeEach(async () => {
  hub = await startFakeHub(files);
  dir = emptyFolder();
  lines = [];
});

afterEach(async () => {
  await hub.close();
  rmSync(dir, { recursive: true });
});

function run(options: HydrationOptions = {}) {
  return runHydration(dir, { endpoint: hub.url, ...options }, lines);
}

function rangesOf(path: string): (string | undefined)[] {
  return hub.seen
    .filter(({ at, url, headers }) => at === "cdn" && url.includes(path) && headers.range !== "bytes=0-0")
    .map(({ headers }) => headers.range);
}

function bytesLoaded(): number {
  return rangesOf("").length;
}

describe("a folder that is filled", () => {
  test("holds the files, a manifest with their sums, and last a marker with the manifest's sum", async () => {
    const { isFresh, manifest } = await run();
    expect(isFresh).toBe(true);
    expect(manifest.files.find(({ path }) => path === "model-1.safetensors")).toEqual({
      path: "model-1.safetensors",
      bytes: 1_000_000,
      sha256: sha256Of(shard),
    });
    expect(sumOfFile(join(dir, "model-1.safetensors"))).toBe(sha256Of(shard));
    expect(textIn(dir, "config.json")).toBe(files["config.json"]);
    expect(JSON.parse(textIn(dir, "manifest.json"))).toMatchObject({
      source: "huggingface:owner/model",
      commit: fakeCommit,
      files: [{ path: "config.json" }, { path: "model-1.safetensors" }, { path: "model-2.safetensors" }, {}],
    });
    expect(textIn(dir, ".keye-complete")).toBe(`${sha256Of(textIn(dir, "manifest.json"))}\n`);
    expect(readdirSync(dir).sort()).toEqual([
      ".keye-complete",
      "config.json",
      "manifest.json",
      "model-1.safetensors",
      "model-2.safetensors",
      "sub",
    ]);
  });

  test("tells its progress in lines that a promotion can read", async () => {
    await run();
    const last = lines.map(parseTransfer).findLast((transfer) => transfer !== undefined);
    expect(last).toMatchObject({ doneBytes: 1_300_000, totalBytes: 1_300_000 });
  });

  test("ends at once when it is run again, without a hub where the revision is a commit", async () => {
    await run();
    await hub.close();
    expect(await run({ revision: fakeCommit })).toMatchObject({ isFresh: false });
  });

  test("is loaded anew where a file has another size, and only that file", async () => {
    await run();
    hub.seen.length = 0;
    truncateSync(join(dir, "model-2.safetensors"), 10);
    expect(await run()).toMatchObject({ isFresh: true });
    expect(bytesLoaded()).toBe(1);
    expect(sumOfFile(join(dir, "model-2.safetensors"))).toBe(sha256Of(files["model-2.safetensors"]));
  });

  test("keeps a damaged byte unseen without --verify, and loads that file again with it", async () => {
    await run();
    const damaged = Buffer.from(shard);
    damaged.writeUInt8(damaged.readUInt8(5) ^ 1, 5);
    writeFileSync(join(dir, "model-1.safetensors"), damaged);
    expect(await run()).toMatchObject({ isFresh: false });
    expect(await run({ isVerified: true })).toMatchObject({ isFresh: true });
    expect(sumOfFile(join(dir, "model-1.safetensors"))).toBe(sha256Of(shard));
    expect(lines).toContain("complete once, but not any more: model-1.safetensors; loading again");
  });

  test("counts as unfinished where manifest and marker do not fit, and is summed again", async () => {
    await run();
    const manifest = textIn(dir, "manifest.json");
    writeFileSync(join(dir, "manifest.json"), manifest.replace(sha256Of(shard), sha256Of("other")));
    hub.seen.length = 0;
    expect(await run()).toMatchObject({ isFresh: true });
    expect(textIn(dir, "manifest.json")).toBe(manifest);
    expect(rangesOf("")).toEqual([]);
  });

  test("is never given other weights", async () => {
    await run();
    await expect(run({ from: "huggingface:owner/other" })).rejects.toMatchObject({
      code: "E_SUPPLY",
      message: `E_SUPPLY: ${dir}: Other weights lie there: huggingface:owner/model@${fakeCommit}, wanted are huggingface:owner/other@${fakeCommit}. Name another folder, or remove this one if no engine uses it. Weights are never replaced in place.`,
    });
    expect(existsSync(join(dir, ".keye-complete"))).toBe(true);
  });

  test("names files that came from elsewhere: an engine would load a shard too many", async () => {
    writeFileSync(join(dir, "model-3.safetensors"), "old");
    await run();
    expect(lines).toContain("not of this source, left as they are: model-3.safetensors");
  });

  test("takes files that a person has copied in, after summing them", async () => {
    writeFileSync(join(dir, "model-1.safetensors"), shard);
    writeFileSync(join(dir, "model-2.safetensors"), randomBytes(300_000));
    await run();
    expect(rangesOf("model-1")).toEqual([]);
    expect(sumOfFile(join(dir, "model-2.safetensors"))).toBe(sha256Of(files["model-2.safetensors"]));
  });
});

describe("a connection that is cut", () => {
  test("is taken up where it broke off, as often as something comes", async () => {
    hub.fault = ({ path, start }) =>
      path === "model-1.safetensors" && start < 900_000 ? { kind: "cut", bytes: 200_000 } : undefined;
    await run();
    const [first, ...resumed] = rangesOf("model-1").map((range) => Number(/\d+/.exec(range ?? "0")?.[0]));
    expect(first).toBe(0);
    expect(resumed.length).toBeGreaterThanOrEqual(4);
    expect(resumed).toEqual([...new Set(resumed)].filter((start) => start > 0).sort((a, b) => a - b));
    expect(sumOfFile(join(dir, "model-1.safetensors"))).toBe(sha256Of(shard));
  });

  test("without a byte is given up after four times, and what is there is kept", async () => {
    hub.fault = ({ path, attempt }) =>
      path !== "model-1.safetensors"
        ? undefined
        : attempt === 1
          ? { kind: "cut", bytes: 400_000 }
          : { kind: "cut", bytes: 0 };
    await expect(run()).rejects.toMatchObject({
      code: "ENV_UNREACHABLE",
      message: expect.stringMatching(
        /model-1.safetensors: Nothing more came after [1-4]\d\d kB of 1.0 MB, 4 times in a row; the last: .*cut/,
      ),
    });
    expect(existsSync(join(dir, ".keye-complete"))).toBe(false);
    hub.fault = () => undefined;
    hub.seen.length = 0;
    await run();
    expect(rangesOf("model-1")).toEqual([expect.stringMatching(/^bytes=[1-4]\d{5}-$/)]);
  });

  test.each([500, 503, 429, 408])("and a status %i are asked again", async (status) => {
    hub.fault = ({ attempt }) =>
      attempt === 1 ? { kind: "status", status, headers: { "retry-after": "0" } } : undefined;
    expect(await run()).toMatchObject({ isFresh: true });
  });

  test("of a CDN whose address has run out gets a new address from the hub", async () => {
    hub.fault = ({ attempt }) => (attempt === 1 ? { kind: "status", status: 403 } : undefined);
    expect(await run()).toMatchObject({ isFresh: true });
  });

  test("that stays open and silent is left after a while", async () => {
    hub.fault = ({ path, attempt }) =>
      path === "model-1.safetensors" && attempt === 1 ? { kind: "stall", bytes: 500_000 } : undefined;
    await run();
    expect(rangesOf("model-1")).toEqual([undefined, "bytes=500000-"]);
    expect(lines).toContain("model-1.safetensors at 500 kB: no byte for 0.15 s; asking again");
  });

  test("that stays silent again and again is an error", async () => {
    hub.fault = ({ path }) => (path === "model-1.safetensors" ? { kind: "stall", bytes: 0 } : undefined);
    await expect(run()).rejects.toMatchObject({
      code: "ENV_UNREACHABLE",
      message: expect.stringContaining("after 0 B of 1.0 MB, 2 times in a row; the last: no byte for 0.15 s."),
    });
  });
});

describe("bytes that are wrong", () => {
  test("are loaded once more", async () => {
    hub.fault = ({ path, attempt }) =>
      path === "model-1.safetensors" && attempt === 1 ? { kind: "corrupt" } : undefined;
    await run();
    expect(rangesOf("model-1")).toEqual([undefined, undefined]);
    expect(sumOfFile(join(dir, "model-1.safetensors"))).toBe(sha256Of(shard));
    expect(lines).toContain("model-1.safetensors has another sum than the source says: loaded once more");
  });

  test("twice are refused with both sums, and nothing of them is kept", async () => {
    hub.fault = ({ path }) => (path === "model-1.safetensors" ? { kind: "corrupt" } : undefined);
    const wrong = Buffer.from(shard);
    wrong.writeUInt8(wrong.readUInt8(wrong.length - 1) ^ 1, wrong.length - 1);
    await expect(run()).rejects.toMatchObject({
      code: "E_SUPPLY",
      message: expect.stringContaining(
        `model-1.safetensors: It is corrupt: its sha256 was ${sha256Of(wrong)}, the source lists ${sha256Of(shard)}; loaded twice.`,
      ),
    });
    expect(readdirSync(dir).filter((name) => name.startsWith("model-1"))).toEqual([]);
    expect(existsSync(join(dir, ".keye-complete"))).toBe(false);
  });

  test("of a small file are found by git's name of it", async () => {
    hub.fault = ({ path }) => (path === "config.json" ? { kind: "corrupt" } : undefined);
    await expect(run()).rejects.toMatchObject({ message: expect.stringContaining("its git blob sum was") });
  });

  test.each([
    { name: "gives the whole new one", faults: [], ranges: [undefined, "bytes=400000-"] },
    { name: "gives its end all the same", faults: ["noIfRange"], ranges: [undefined, "bytes=400000-", undefined] },
  ] as const)("of two versions are never joined: the server $name", async ({ faults, ranges }) => {
    hub.fault = ({ path, attempt }) => {
      if (path !== "model-1.safetensors") return undefined;
      const kind = faults[attempt - 2];
      return attempt === 1 ? { kind: "stall", bytes: 400_000 } : kind === undefined ? undefined : { kind };
    };
    const tell = (line: string) => {
      lines.push(line);
      if (line.endsWith("to load")) hub.files.set("model-1.safetensors", randomBytes(1_000_000));
      if (line.startsWith("model-1.safetensors at")) hub.files.set("model-1.safetensors", shard);
    };
    await run({ tell });
    expect(rangesOf("model-1")).toEqual(ranges);
    expect(lines.filter((line) => line.includes("another sum"))).toEqual([]);
    expect(sumOfFile(join(dir, "model-1.safetensors"))).toBe(sha256Of(shard));
  });

  test("come again from the first where the server knows no ranges", async () => {
    hub.fault = ({ path, attempt }) =>
      path === "model-1.safetensors" && attempt === 1 ? { kind: "stall", bytes: 400_000 } : { kind: "noRanges" };
    await run();
    expect(rangesOf("model-1")).toEqual([undefined, "bytes=400000-"]);
    expect(sumOfFile(join(dir, "model-1.safetensors"))).toBe(sha256Of(shard));
  });
});

describe("what an earlier run has left", () => {
  test("is dropped where it is longer than the file", async () => {
    writeFileSync(join(dir, "model-1.safetensors.part"), Buffer.concat([shard, shard]));
    await run();
    expect(rangesOf("model-1")).toEqual([undefined]);
    expect(lines.filter((line) => line.includes("another sum"))).toEqual([]);
    expect(sumOfFile(join(dir, "model-1.safetensors"))).toBe(sha256Of(shard));
  });

  test("is summed again where somebody has touched it since", async () => {
    hub.fault = ({ path }) => (path === "model-2.safetensors" ? { kind: "cut", bytes: 0 } : undefined);
    await expect(run({ parallelism: 1 })).rejects.toMatchObject({ code: "ENV_UNREACHABLE" });
    writeFileSync(join(dir, "model-1.safetensors"), randomBytes(shard.length));
    hub.fault = () => undefined;
    await run();
    expect(sumOfFile(join(dir, "model-1.safetensors"))).toBe(sha256Of(shard));
  });
});

describe("a disk", () => {
  test("that is too small is refused with both numbers before the first byte", async () => {
    await expect(run({ freeBytes: () => Promise.resolve(800_000) })).rejects.toMatchObject({
      code: "ENV_READ_ONLY",
      message: expect.stringContaining(
        `${dir}: 1.3 MB more are needed here and 800 kB are free. Nothing was loaded. Make room for 500 kB`,
      ),
    });
    expect(bytesLoaded()).toBe(0);
  });

  test("needs no room for what is there already, which is not asked for again", async () => {
    hub.fault = ({ path }) => (path === "model-2.safetensors" ? { kind: "cut", bytes: 0 } : undefined);
    await expect(run({ parallelism: 1 })).rejects.toMatchObject({ code: "ENV_UNREACHABLE" });
    hub.fault = () => undefined;
    hub.seen.length = 0;
    await run({ freeBytes: () => Promise.resolve(300_100) });
    expect(rangesOf("model-1")).toEqual([]);
  });

  test.skipIf(!existsSync("/dev/full"))("that fills up on the way is named so", async () => {
    symlinkSync("/dev/full", join(dir, "model-1.safetensors.part"));
    await expect(run()).rejects.toMatchObject({
      code: "ENV_READ_ONLY",
      message: expect.stringMatching(
        /model-1.safetensors.part: The volume is full \(ENOSPC\) after 0 B of this file. Make room/,
      ),
    });
    expect(existsSync(join(dir, ".keye-complete"))).toBe(false);
  });

  test("that cannot be written is named so", async () => {
    const file = join(dir, "file");
    writeFileSync(file, "");
    await expect(runHydration(join(file, "weights"), { endpoint: hub.url })).rejects.toMatchObject({
      code: "ENV_READ_ONLY",
      message: expect.stringContaining("It cannot be written: ENOTDIR"),
    });
  });
});

describe("several at once", () => {
  test("load each file once: one works, the others wait and find it complete", async () => {
    hub.fault = () => ({ kind: "slow", pause: 1 });
    const lockTiming = { heartbeat: 20, staleAfter: 5_000 };
    const outcomes = await Promise.all([run({ lockTiming }), run({ lockTiming }), run({ lockTiming })]);
    expect(outcomes.filter(({ isFresh }) => isFresh)).toHaveLength(1);
    expect(rangesOf("model-1")).toEqual([undefined]);
    expect(lines.filter((line) => line.startsWith(`another one works on ${dir} (`))).toHaveLength(2);
  });

  test("and a deadline while waiting says who is at work", async () => {
    hub.fault = ({ path }) => (path === "model-1.safetensors" ? { kind: "slow", pause: 200 } : undefined);
    const stop = new AbortController();
    const first = run({ signal: stop.signal });
    const failed = expect(first).rejects.toMatchObject({ code: "E_CANCELLED" });
    await expect.poll(() => rangesOf("model-1")).toHaveLength(1);
    await expect(run({ deadlineSeconds: 0.1 })).rejects.toMatchObject({
      code: "E_LOCKED",
      message: expect.stringMatching(/Another one \(.*, process \d+\) still works on it after 0.1 s/),
    });
    stop.abort(new Error("stopped"));
    await failed;
  });
});

describe("an end from outside", () => {
  test("by the deadline tells how far it came and keeps it", async () => {
    hub.fault = ({ path, attempt }) =>
      path === "model-1.safetensors" && attempt === 1 ? { kind: "stall", bytes: 500_000 } : undefined;
    await expect(run({ deadlineSeconds: 0.5, patience: { ...testPatience, stallAfter: 5_000 } })).rejects.toMatchObject(
      {
        code: "ENV_UNREACHABLE",
        message: expect.stringContaining("The deadline of 0.5 s came at 800 kB of 1.3 MB"),
      },
    );
    await run();
    expect(rangesOf("model-1")).toEqual([undefined, "bytes=500000-"]);
  });

  test("leaves no lock behind", async () => {
    const stop = new AbortController();
    hub.fault = () => ({ kind: "stall", bytes: 100 });
    const running = run({ signal: stop.signal, patience: { ...testPatience, stallAfter: 5_000 } });
    const failed = expect(running).rejects.toMatchObject({
      code: "E_CANCELLED",
      message: expect.stringContaining("What is there is kept"),
    });
    await expect.poll(() => rangesOf("model-1")).toHaveLength(1);
    stop.abort(new Error("stopped"));
    await failed;
    expect(readdirSync(join(dir, ".keye-hydrate"))).toEqual(["ledger.json"]);
  });

  test("an unfinished folder of other weights is refused", async () => {
    hub.fault = ({ path }) => (path === "model-1.safetensors" ? { kind: "cut", bytes: 0 } : undefined);
    await expect(run()).rejects.toMatchObject({ code: "ENV_UNREACHABLE" });
    await expect(run({ from: "huggingface:owner/other" })).rejects.toMatchObject({ code: "E_SUPPLY" });
  });
});
