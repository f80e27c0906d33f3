import type { EpochMs, Milliseconds } from "./units.ts";

/** Where time comes from, so that tests can drive it. */
export interface Clock {
  /** The present moment. Never runs backwards within one process. */
  now(): EpochMs;
  /** Resolves after `duration`, or rejects with the signal's reason as soon as `signal` aborts. */
  sleep(duration: Milliseconds, signal?: AbortSignal): Promise<void>;
}
