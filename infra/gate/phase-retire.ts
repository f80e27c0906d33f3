import { noRevision } from "../core/names.ts";
import { activeOf, deploymentOf } from "./app-view.ts";
import { apiPhaseSeconds, type PromotionRun } from "./promotion-run.ts";

/**
 * Phase RETIRE_OLD: scales the revision before to 0, once routes have followed the switch and its streams have had time
 * to end. Looks at the selector again first: what serves is never scaled down.
 */
export async function retireOld(run: PromotionRun): Promise<void> {
  if (run.previous === noRevision || run.previous === run.inputs.revision) return;
  const { drainSeconds } = run.inputs.deadlines;
  await run.phase({ name: "retire", seconds: drainSeconds + apiPhaseSeconds }, async (signal) => {
    const { clock, cluster } = run.ports;
    const due = (run.switchedAt ?? clock.now()) + drainSeconds * 1000;
    const left = Math.max(0, due - clock.now());
    if (left > 0) run.status("retire", `${run.previous} drains for ${Math.round(left / 1000)} s more`);
    await clock.sleep(left, signal);
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
