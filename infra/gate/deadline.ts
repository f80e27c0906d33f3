import type { Clock } from "../core/clock.ts";
import type { Milliseconds } from "../core/units.ts";

/** What came first: the value, or the deadline. */
export type WithinDeadline<T> = { readonly kind: "value"; readonly value: T } | { readonly kind: "deadline" };

/** How long, and by which clock. */
export interface Limit {
  readonly clock: Clock;
  readonly milliseconds: Milliseconds;
}

/**
 * Runs `body` until it settles, the limit passes, or `outer` aborts, whichever comes first. The signal given to `body`
 * aborts in the last two cases; a body that does not listen is left behind, so that a hung call cannot hold a phase.
 *
 * Rejects with what the body threw, or with the reason of `outer`.
 */
export async function withinDeadline<T>(
  limit: Limit,
  outer: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<WithinDeadline<T>> {
  outer.throwIfAborted();
  const deadline = new AbortController();
  const settled = new AbortController();
  const signal = AbortSignal.any([outer, deadline.signal]);
  if (limit.milliseconds <= 0) return { kind: "deadline" };
  const timer = limit.clock.sleep(limit.milliseconds, settled.signal).then(
    () => deadline.abort(new Error("deadline")),
    () => undefined,
  );
  const aborted = Promise.withResolvers<never>();
  // A body that throws before it can be raced would leave this rejection to nobody, which ends the process.
  aborted.promise.catch(() => undefined);
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return { kind: "value", value: await Promise.race([body(signal), aborted.promise]) };
  } catch (error) {
    if (deadline.signal.aborted && !outer.aborted) return { kind: "deadline" };
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    settled.abort(new Error("settled"));
    await timer;
  }
}
