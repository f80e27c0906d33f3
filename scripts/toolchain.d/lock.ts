import { mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import type { Milliseconds } from "../../infra/core/units.ts";

/** A process, told apart from later ones that get its number. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When it started, in the kernel's ticks since boot. */
  readonly started: string;
}

/** What taking a lock needs from outside. */
export interface LockWorld {
  readonly self: Owner;
  /** Resolves after `duration`; rejects where the signal aborts first. */
  sleep(duration: Milliseconds, signal: AbortSignal): Promise<void>;
  /** Whether the process still runs. A process of another host counts as running: nobody here can tell. */
  isRunning(owner: Owner): boolean;
  /** Called once, before the first wait. */
  onWait(owner: Owner): void;
}

const pollEvery: Milliseconds = 500;

/**
 * Runs `body` while holding the lock at `path`; waits for another running owner, takes over from a dead one.
 *
 * The lock saves double work and no more: two that take over from the same dead owner at the same moment may both go on.
 * What is written under it must therefore be written by atomic rename.
 */
export async function withLock<T>(
  path: string,
  world: LockWorld,
  signal: AbortSignal,
  body: () => Promise<T>,
): Promise<T> {
  await take(path, world, signal);
  try {
    return await body();
  } finally {
    rmSync(path, { force: true });
  }
}

async function take(path: string, world: LockWorld, signal: AbortSignal): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  let hasWaited = false;
  for (;;) {
    signal.throwIfAborted();
    if (tryTake(path, world.self)) return;
    const holder = readHolder(path);
    if (holder === undefined) continue;
    const owner = parseOwner(holder);
    if (owner === undefined || !world.isRunning(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!hasWaited) world.onWait(owner);
    hasWaited = true;
    await world.sleep(pollEvery, signal);
  }
}

/** A symbolic link to the owner's description: it appears with its content at once, so nobody ever reads half a lock. */
function tryTake(path: string, self: Owner): boolean {
  try {
    symlinkSync(`${self.host} ${self.pid} ${self.started}`, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Undefined where the lock has just been given back. */
function readHolder(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return undefined;
    // Not a link, so none of ours.
    if (errno === "EINVAL") return "";
    throw error;
  }
}

function parseOwner(text: string): Owner | undefined {
  const [host, pid, started] = text.split(" ");
  return host && pid && started ? { host, pid: Number(pid), started } : undefined;
}

/** The `code` of a Node file system error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
