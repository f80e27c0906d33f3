import { randomUUID } from "node:crypto";
import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { DeployError } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/units.ts";
import { fieldsOf } from "../hub/json.ts";
import { codeOf, onDisk } from "./disk.ts";

/** How a lock is kept and how it is lost. */
export interface LockTiming {
  readonly heartbeat: Milliseconds;
  /** A lock whose heartbeat was not seen for so long is taken over. */
  readonly staleAfter: Milliseconds;
}

/** Tells this process from an earlier one that had the same number, as the first one of every container has. */
const thisProcess = randomUUID();

const usualTiming: LockTiming = { heartbeat: 5_000, staleAfter: 20_000 };

/** What locking needs. */
export interface LockArgs {
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once, where another one holds it. */
  readonly onWait: (holder: string) => void;
  readonly timing?: LockTiming;
}

/** A lock that is held. */
export interface FolderLock {
  /** Aborts with `E_LOCKED` when somebody else has taken it over: this process was away for too long. */
  readonly lost: AbortSignal;
  /** Must be called in the end. */
  release(): Promise<void>;
}

/** What stands in the lock file, and when it was last touched. */
interface Sighting {
  readonly text: string;
  readonly touched: number;
}

/**
 * Waits until no other process works on the folder, and keeps it so: a file that only one can create, touched by its holder.
 *
 * Only changes of the file are compared, never two machines' clocks. A takeover moves the stale file away and looks at what
 * it has moved; a holder that was moved away by mistake notices at its next heartbeat and stops.
 */
export async function lockFolder({ path, clock, signal, onWait, timing = usualTiming }: LockArgs): Promise<FolderLock> {
  const own = `${JSON.stringify({ id: randomUUID(), process: thisProcess, host: hostname(), pid: process.pid })}\n`;
  let seen: (Sighting & { readonly since: number }) | undefined;
  while (!(await create(path, own))) {
    const now = await sight(path);
    if (now === undefined) continue;
    if (seen === undefined) onWait(holderOf(now.text));
    if (seen?.text !== now.text || seen.touched !== now.touched) seen = { ...now, since: clock.now() };
    if (isDeadHere(now.text) || clock.now() - seen.since >= timing.staleAfter) await takeAway(path, now.text);
    else await clock.sleep(Math.min(timing.heartbeat, 1_000), signal);
  }
  return hold(path, own, { clock, timing });
}

function hold(path: string, own: string, { clock, timing }: Pick<Required<LockArgs>, "clock" | "timing">): FolderLock {
  const ended = new AbortController();
  const lost = new AbortController();
  const beat = async () => {
    for (;;) {
      await clock.sleep(timing.heartbeat, ended.signal);
      if (!(await touch(path, own))) break;
    }
    lost.abort(
      new DeployError({
        code: "E_LOCKED",
        where: path,
        message: `Another process took the folder over: this one was not heard of for ${timing.staleAfter / 1000} s.`,
        hint: "Nothing is lost: the other one goes on with what is there.",
      }),
    );
  };
  const beating = beat().catch(() => {});
  return {
    lost: lost.signal,
    async release() {
      ended.abort();
      await beating;
      if ((await sight(path))?.text === own) await rm(path, { force: true });
    },
  };
}

/** True where the file is now ours alone. */
async function create(path: string, own: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    // Written aside and linked: nobody ever sees a lock that is half written.
    const draft = `${path}.${randomUUID()}`;
    const handle = await open(draft, "wx");
    try {
      await handle.writeFile(own);
    } finally {
      await handle.close();
    }
    try {
      await link(draft, path);
    } finally {
      await rm(draft, { force: true });
    }
    return true;
  } catch (error) {
    // The folder goes with the one who was the last in it, maybe just now.
    if (codeOf(error) === "EEXIST" || codeOf(error) === "ENOENT") return false;
    return await onDisk(path, () => Promise.reject(error));
  }
}

/** Reads the lock. Opens it: a network file system looks anew at a file only then. */
async function sight(path: string): Promise<Sighting | undefined> {
  try {
    const handle = await open(path, "r");
    try {
      const { mtimeMs } = await handle.stat();
      return { text: await handle.readFile("utf8"), touched: mtimeMs };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ESTALE") return undefined;
    throw error;
  }
}

/** The heartbeat. False where the lock is another's. */
async function touch(path: string, own: string): Promise<boolean> {
  try {
    const handle = await open(path, "r+");
    try {
      if ((await handle.readFile("utf8")) !== own) return false;
      const now = new Date();
      await handle.utimes(now, now);
      return true;
    } finally {
      await handle.close();
    }
  } catch (error) {
    return codeOf(error) !== "ENOENT";
  }
}

async function takeAway(path: string, stale: string): Promise<void> {
  const moved = `${path}.${randomUUID()}`;
  try {
    await rename(path, moved);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  // Somebody was faster, and this is the new one's: back with it, unless a third has come.
  if ((await sight(moved))?.text !== stale) await link(moved, path).catch(() => {});
  await rm(moved, { force: true });
}

/** A process of this machine that is no more need not be waited for. Pods have a host name each. */
function isDeadHere(text: string): boolean {
  const { host, pid, process: instance } = holder(text);
  if (host !== hostname() || typeof pid !== "number" || instance === thisProcess) return false;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

function holderOf(text: string): string {
  const { host, pid } = holder(text);
  return `${host ?? "an unknown host"}, process ${pid ?? "unknown"}`;
}

function holder(text: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}
