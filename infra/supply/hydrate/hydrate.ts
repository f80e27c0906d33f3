import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DeployError } from "../../core/errors.ts";
import { sizeText } from "../../core/transfer.ts";
import { findComplete } from "./complete-folder.ts";
import { onDisk } from "./disk.ts";
import { lockFolder } from "./folder-lock.ts";
import type { HydrateArgs } from "./hydrate-args.ts";
import { loadFolder } from "./load-folder.ts";
import type { Manifest } from "./manifest.ts";
import { Meter } from "./meter.ts";
import { removeState, stateFolder } from "./state-folder.ts";

/** What a folder holds now. */
export interface Hydrated {
  /** False where it was complete already and nothing was loaded. */
  readonly isFresh: boolean;
  readonly manifest: Manifest;
}

/**
 * Fills a folder with the weights of a source, so that an engine finds all of them or no completion marker. Any number of
 * processes may try at once, and each may be killed at any time: one works, the others wait, the next one goes on.
 *
 * Throws `E_SUPPLY` (missing, closed, corrupt, other weights lie there), `ENV_UNREACHABLE` (network, deadline),
 * `ENV_READ_ONLY` (disk), `E_LOCKED` (another one works there until the deadline), `E_CANCELLED`.
 */
export async function hydrate(args: HydrateArgs): Promise<Hydrated> {
  args.signal.throwIfAborted();
  const meter = new Meter();
  const stop = new AbortController();
  const ended = new AbortController();
  const cancel = () => stop.abort(cancelled(args, meter));
  args.signal.addEventListener("abort", cancel, { once: true });
  const waiting = { holder: "" };
  const watching = args.clock.sleep(args.deadlineSeconds * 1000, ended.signal).then(
    () => stop.abort(deadlinePassed(args, meter, waiting.holder)),
    () => {},
  );
  try {
    return await fillFolder({ ...args, signal: stop.signal }, meter, waiting);
  } finally {
    args.signal.removeEventListener("abort", cancel);
    ended.abort();
    await watching;
  }
}

async function fillFolder(args: HydrateArgs, meter: Meter, waiting: { holder: string }): Promise<Hydrated> {
  const { dir, clock, signal, tell } = args;
  await onDisk(dir, () => mkdir(dir, { recursive: true }));
  // Before the lock: a finished folder may be mounted read-only.
  const before = await findComplete(args);
  if (before !== undefined) return { isFresh: false, manifest: before };
  const lock = await lockFolder({
    path: join(dir, stateFolder, "lock"),
    clock,
    signal,
    onWait(holder) {
      waiting.holder = holder;
      tell(`another one works on ${dir} (${holder}): waiting`);
    },
    ...(args.lockTiming === undefined ? {} : { timing: args.lockTiming }),
  });
  waiting.holder = "";
  try {
    const meanwhile = await findComplete(args);
    if (meanwhile !== undefined) return { isFresh: false, manifest: meanwhile };
    const held = AbortSignal.any([signal, lock.lost]);
    const manifest = await loadFolder({ ...args, signal: held }, meter);
    return { isFresh: true, manifest };
  } finally {
    await lock.release();
    await removeState(dir);
  }
}

function reached(meter: Meter, { clock }: HydrateArgs): string {
  const { doneBytes, totalBytes, bytesPerSecond } = meter.read(clock.now());
  return totalBytes === 0
    ? "before the first byte"
    : `at ${sizeText(doneBytes)} of ${sizeText(totalBytes)}, ${sizeText(bytesPerSecond)}/s`;
}

function cancelled(args: HydrateArgs, meter: Meter): DeployError {
  return new DeployError({
    code: "E_CANCELLED",
    where: args.dir,
    message: `Stopped by a signal ${reached(meter, args)}.`,
    hint: "What is there is kept: run it again and it goes on.",
    cause: args.signal.reason,
  });
}

function deadlinePassed(args: HydrateArgs, meter: Meter, holder: string): DeployError {
  if (holder !== "") {
    return new DeployError({
      code: "E_LOCKED",
      where: args.dir,
      message: `Another one (${holder}) still works on it after ${args.deadlineSeconds} s.`,
      hint: "Look at that one's log.",
    });
  }
  return new DeployError({
    code: "ENV_UNREACHABLE",
    where: args.source,
    message: `The deadline of ${args.deadlineSeconds} s came ${reached(meter, args)}.`,
    hint: "What is there is kept: run it again, with a longer deadline or a nearer endpoint.",
  });
}
