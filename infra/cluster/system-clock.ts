import { setTimeout as after } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";

/** The machine's clock. Reads the monotonic timer, anchored once, so that a corrected wall clock never turns a wait back. */
export const systemClock: Clock = {
  now() {
    return performance.timeOrigin + performance.now();
  },
  async sleep(duration, signal) {
    try {
      await after(Math.max(0, duration), undefined, { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};
