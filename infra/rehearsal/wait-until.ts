import { readFileSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import type { EpochMs, Milliseconds } from "../core/units.ts";
import type { LongChild } from "../process/spawn.ts";

/** What is waited for, and until when. */
export interface Wait {
  /** Such as `kube-apiserver to be ready`. */
  readonly what: string;
  readonly deadline: EpochMs;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Children without which it cannot come true: the wait ends as soon as one does. */
  readonly children: readonly LongChild[];
}

const interval: Milliseconds = 50;

/**
 * Resolves with the first value that `check` gives. Throws `ENV_TOOL` with the end of the log when a child has ended or the
 * deadline has passed.
 */
export async function waitUntil<T>(wait: Wait, check: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    const ended = wait.children.find((child) => child.exit !== undefined);
    if (ended !== undefined) {
      const how = ended.exit?.signal ?? `exit code ${ended.exit?.code}`;
      throw endedError(ended, `It ended (${how}) while waiting for ${wait.what}.`);
    }
    if (wait.clock.now() >= wait.deadline) throw endedError(wait.children[0], `Timed out waiting for ${wait.what}.`);
    await wait.clock.sleep(interval, wait.signal);
  }
}

/** `ENV_TOOL` about a child, with the end of its log. */
export function endedError(child: LongChild | undefined, message: string): DeployError {
  return new DeployError({
    code: "ENV_TOOL",
    where: child?.name ?? "rehearsal",
    message: child === undefined ? message : `${message} Its last lines:\n${lastLines(child.logFile)}`,
    ...(child === undefined ? {} : { hint: `The whole log: ${child.logFile}` }),
  });
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-10).join("\n");
  } catch {
    return "(no log)";
  }
}
