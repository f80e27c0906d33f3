import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FolderLock, lockFolder } from "../../../infra/supply/hydrate/folder-lock.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";

const timing = { heartbeat: 5_000, staleAfter: 20_000 };

let dir: string;
let path: string;
let clock: ManualClock;
let waits: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "keye-lock-"));
  path = join(dir, "state", "lock");
  clock = new ManualClock();
  waits = [];
});

afterEach(() => rmSync(dir, { recursive: true }));

function lock(signal = new AbortController().signal): Promise<FolderLock> {
  return lockFolder({ path, clock, signal, timing, onWait: (holder) => waits.push(holder) });
}

/** A lock of a process that this test is not. */
function foreign(host: string, pid = 7): string {
  const text = `${JSON.stringify({ id: "foreign", process: "other", host, pid })}\n`;
  writeFileSync(path, text);
  return text;
}

async function passed(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await until(() => clock.sleeping > 0);
    await clock.advance(1_000);
  }
}

test("the second one waits, is told for whom, and comes when the first one goes", async () => {
  const first = await lock();
  const second = lock();
  await until(() => waits.length > 0);
  expect(waits).toEqual([`${hostname()}, process ${process.pid}`]);
  await first.release();
  await passed(1);
  await (await second).release();
});

test("a lock whose holder is silent is taken over after the time for that, and not before", async () => {
  await (await lock()).release();
  foreign("another-pod");
  let isHeld = false;
  const taken = lock().then((held) => {
    isHeld = true;
    return held;
  });
  await passed(19);
  expect(isHeld).toBe(false);
  await passed(3);
  await until(() => isHeld);
  expect(readFileSync(path, "utf8")).toContain(hostname());
  await (await taken).release();
});

test("a lock of a process of this machine that is gone is taken over at once", async () => {
  await (await lock()).release();
  foreign(hostname(), 2 ** 22 + 1);
  await (await lock()).release();
});

test("a lock of this process's number from an earlier start of the container is taken over at once", async () => {
  await (await lock()).release();
  foreign(hostname(), process.pid);
  await (await lock()).release();
});

test("a holder that was taken over hears of it at its next heartbeat, and leaves the other's lock alone", async () => {
  const held = await lock();
  const other = foreign("another-pod");
  await clock.advance(timing.heartbeat);
  await until(() => held.lost.aborted);
  expect(held.lost.reason).toMatchObject({ code: "E_LOCKED" });
  await held.release();
  expect(readFileSync(path, "utf8")).toBe(other);
});

test("a wait ends with its signal", async () => {
  const held = await lock();
  const stop = new AbortController();
  const waiting = lock(stop.signal);
  await until(() => waits.length === 1);
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
  await held.release();
});
