import { noRevision } from "../core/names.ts";
import { isReady } from "../status/pod-facts.ts";
import { activeOf, deploymentOf, podsOf } from "./app-view.ts";
import { drainPods, longestDrain } from "./drain.ts";
import { apiPhaseSeconds, type PromotionRun } from "./promotion-run.ts";

/**
 * Phase RETIRE_OLD: scales the revision before to 0, once routes have followed the switch and its requests have
 * ended. Looks at the selector again first: what serves is never scaled down.
 */
export async function retireOld(run: PromotionRun): Promise<void> {
  if (run.previous === noRevision || run.previous === run.inputs.revision) return;
  const seconds = longestDrain(run) + apiPhaseSeconds;
  await run.phase({ name: "retire", seconds }, async (signal) => {
    const { clock, cluster } = run.ports;
    const pods = podsOf(await cluster.observe(run.ref, signal), run.previous).filter(isReady);
    await drainPods(run, { phase: "retire", pods, since: run.endpointsAt ?? clock.now() }, signal);
    const observation = await cluster.observe(run.ref, signal);
    const active = activeOf(observation);
    if (active !== run.inputs.revision) {
      const message = `somebody else changed the selector before ${run.previous} was retired: selector now ${active}.`;
      throw run.stop({ kind: "inconclusive", code: "E_CONFLICT", message });
    }
    const old = deploymentOf(observation, run.previous);
    if (old === undefined || (old.spec.replicas ?? 1) === 0) return;
    await run.write(signal, () => cluster.scale(run.ref, old.metadata.name, 0, signal));
    run.line(
      "retire",
      `${old.metadata.name}: ${old.spec.replicas ?? 1} to 0 replicas, ${run.secondsSince(run.switchedAt ?? run.startedAt)} s after the switch`,
    );
  });
}
