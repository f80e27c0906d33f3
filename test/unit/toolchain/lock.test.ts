import { existsSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LockWorld, type Owner, withLock } from "../../../scripts/toolchain.d/lock.ts";
import { isRunning, thisProcess } from "../../../scripts/toolchain.d/processes.ts";
import { ManualClock } from "../../support/manual-clock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keye-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const me: Owner = { host: "here", pid: 1, started: "100" };
const other: Owner = { host: "here", pid: 2, started: "200" };
const never = new AbortController().signal;

interface FakeWorld extends LockWorld {
  readonly clock: ManualClock;
  readonly running: Owner[];
  readonly waitedFor: Owner[];
}

function fakeWorld(running: Owner[] = []): FakeWorld {
  const waitedFor: Owner[] = [];
  const clock = new ManualClock();
  return {
    self: me,
    clock,
    sleep: (duration, signal) => clock.sleep(duration, signal),
    running,
    waitedFor,
    isRunning: (owner) => running.some((each) => each.pid === owner.pid && each.started === owner.started),
    onWait: (owner) => waitedFor.push(owner),
  };
}

function hold(path: string, owner: Owner): void {
  symlinkSync(`${owner.host} ${owner.pid} ${owner.started}`, path);
}

test("a free lock is held while the body runs and given back after it", async () => {
  const path = join(folder, "locks", "etcd");
  const heldBy = await withLock(path, fakeWorld(), never, async () => readlinkSync(path));
  expect(heldBy).toBe("here 1 100");
  expect(existsSync(path)).toBe(false);
});

test("a lock is given back when the body fails", async () => {
  const path = join(folder, "etcd");
  const failing = withLock(path, fakeWorld(), never, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  await expect(withLock(path, fakeWorld(), never, async () => "again")).resolves.toBe("again");
});

test.each([
  ["whose process is gone", other],
  ["whose process number another process has now", { ...other, started: "150" }],
])("the lock of an owner %s is taken over without waiting", async (_name, owner) => {
  const path = join(folder, "etcd");
  hold(path, owner);
  const world = fakeWorld(owner === other ? [] : [other]);
  await expect(withLock(path, world, never, async () => "mine")).resolves.toBe("mine");
  expect(world.waitedFor).toEqual([]);
});

test("something at the lock's place that is no lock does not block for ever", async () => {
  const path = join(folder, "etcd");
  symlinkSync("nonsense", path);
  await expect(withLock(path, fakeWorld(), never, async () => "mine")).resolves.toBe("mine");
});

test("a running owner is waited for, and said once", async () => {
  const path = join(folder, "etcd");
  hold(path, other);
  const world = fakeWorld([other]);
  let done = false;
  const waiting = withLock(path, world, never, async () => {
    done = true;
  });
  await world.clock.advance(2_000);
  expect({ done, waitedFor: world.waitedFor }).toEqual({ done: false, waitedFor: [other] });
  rmSync(path);
  await world.clock.advance(500);
  await waiting;
  expect(done).toBe(true);
});

test("an abort ends the wait and leaves the other's lock", async () => {
  const path = join(folder, "etcd");
  hold(path, other);
  const world = fakeWorld([other]);
  const stop = new AbortController();
  const waiting = withLock(path, world, stop.signal, async () => "never");
  await world.clock.advance(100);
  stop.abort(new Error("interrupted"));
  await expect(waiting).rejects.toThrow("interrupted");
  expect(readlinkSync(path)).toBe("here 2 200");
});

test("a process is told apart from an earlier one with its number, and another host's is left alone", () => {
  const self = thisProcess();
  expect(isRunning(self)).toBe(true);
  expect(isRunning({ ...self, started: "1" })).toBe(false);
  expect(isRunning({ ...self, pid: 2 ** 22 + 1 })).toBe(false);
  expect(isRunning({ ...self, host: "elsewhere", started: "1" })).toBe(true);
});
