import type { EpochMs, Seconds } from "../../core/units.ts";

/** Longest pause between two tries, and how long a try must last to be forgiven, as kubelet 1.36 has them. */
const longest: Seconds = 300;
const forgivenAfter: Seconds = 600;

/** How long to wait before the next try, and what the waits so far were. */
export interface Backoff {
  /** Simulated seconds to wait now; 0 before the first retry of a container. */
  readonly seconds: Seconds;
}

/** Of a container: its first restart comes at once, the next after 10 s, then doubling to 300 s. */
export const restartBackoff: Backoff = { seconds: 0 };

/** Of an image: the first retry comes after 10 s. */
export const pullBackoff: Backoff = { seconds: 10 };

/** The wait after the present one. */
export function longer(backoff: Backoff): Backoff {
  return { seconds: Math.min(longest, Math.max(10, backoff.seconds * 2)) };
}

/** The wait before a restart: it starts anew when the container ran for ten minutes. */
export function afterRun(backoff: Backoff, startedAt: EpochMs, finishedAt: EpochMs): Backoff {
  return finishedAt - startedAt > forgivenAfter * 1000 ? restartBackoff : backoff;
}

/** A duration as Go prints it: `10s`, `1m20s`, `5m0s`. */
export function goDuration(seconds: Seconds): string {
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
