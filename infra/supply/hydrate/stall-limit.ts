import type { Clock } from "../../core/clock.ts";
import type { Milliseconds } from "../../core/units.ts";

/** What a watched piece of work gets. */
export interface Watched {
  /** Aborts when nothing has moved for too long, or when the caller's signal does. */
  readonly signal: AbortSignal;
  /** Says that something has moved. */
  readonly touch: () => void;
}

/** Runs `work` until it ends, or returns `"stalled"` when it has not touched for `limit`. */
export async function withStallLimit<T>(
  { clock, limit, signal }: { readonly clock: Clock; readonly limit: Milliseconds; readonly signal: AbortSignal },
  work: (watched: Watched) => Promise<T>,
): Promise<T | "stalled"> {
  const ended = new AbortController();
  const stalled = new AbortController();
  let last = clock.now();
  const watch = async () => {
    for (let idle = 0; idle < limit; idle = clock.now() - last) await clock.sleep(limit - idle, ended.signal);
    stalled.abort(new Error(`nothing moved for ${limit} ms`));
  };
  const watching = watch().catch(() => {});
  try {
    const touch = () => {
      last = clock.now();
    };
    return await work({ signal: AbortSignal.any([signal, stalled.signal]), touch });
  } catch (error) {
    if (stalled.signal.aborted && !signal.aborted) return "stalled";
    throw error;
  } finally {
    ended.abort();
    await watching;
  }
}
