import type { EpochMs, Milliseconds } from "../../infra/core/units.ts";
import { ManualClock } from "../support/manual-clock.ts";

interface Sleeper {
  readonly at: EpochMs;
  readonly wake: () => void;
  isOver: boolean;
}

/** A manual clock that goes from one sleeper to the next as fast as the machine can: thousands of runs a minute. */
export class ModelClock extends ManualClock {
  #now: EpochMs = Date.UTC(2026, 0, 1);
  /** Soonest first; of two at the same time the one that fell asleep first. */
  #sleepers: Sleeper[] = [];

  override now(): EpochMs {
    return this.#now;
  }

  override sleep(duration: Milliseconds, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        sleeper.isOver = true;
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + duration, wake, isOver: false };
      signal?.addEventListener("abort", abort, { once: true });
      const after = this.#sleepers.findLastIndex(({ at }) => at <= sleeper.at);
      this.#sleepers.splice(after + 1, 0, sleeper);
    });
  }

  /** Lets time pass until `isOver`; returns whether that came before `limit`. Nothing that sleeps stays behind. */
  async runUntil(isOver: () => boolean, limit: EpochMs): Promise<boolean> {
    for (;;) {
      // All that is due runs before a new turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      if (isOver()) return true;
      const next = this.#sleepers.shift();
      if (next === undefined || next.at > limit) return false;
      if (next.isOver) continue;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
  }

  /** Lets time pass in which nobody does anything. */
  pass(duration: Milliseconds): void {
    this.#now += duration;
  }

  /** Forgets who sleeps: of a run that is over, or has died. */
  clear(): void {
    this.#sleepers = [];
  }
}
