import type { Observation } from "./ports.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** Longest wait for a change before looking again. */
const lookAgainMs = 2_000;

/** Shortest time between two looks, however many changes come: an outage is measured to so much. */
const breathMs = 100;

/** Looks at the app until `see` finds something in it, which is the result. `signal` bounds it. */
export async function lookFor<Found>(
  run: PromotionRun,
  see: (observation: Observation) => Found | undefined | Promise<Found | undefined>,
  signal: AbortSignal,
): Promise<Found> {
  const { clock, cluster } = run.ports;
  for (;;) {
    const found = await see(await cluster.observe(run.ref, signal));
    if (found !== undefined) return found;
    await clock.sleep(breathMs, signal);
    await cluster.waitForChange(run.ref, lookAgainMs, signal);
  }
}

/** Looks at the app until it is as it should be. `signal` bounds it. */
export async function lookUntil(
  run: PromotionRun,
  isDone: (observation: Observation) => boolean,
  signal: AbortSignal,
): Promise<Observation> {
  return await lookFor(run, (observation) => (isDone(observation) ? observation : undefined), signal);
}
