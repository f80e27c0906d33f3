import { noRevision } from "../core/names.ts";
import { trafficOfRevision, trafficText } from "../core/traffic.ts";
import { saveEvidence } from "./evidence-store.ts";
import { recheck } from "./phase-probe.ts";
import { apiPhaseSeconds, type PromotionRun } from "./promotion-run.ts";
import type { Proof } from "./proof.ts";

/**
 * Phase RECHECK_UIDS. Leaves a record of what is about to happen first: a run that dies right after the switch can be
 * finished or undone only by someone who knows what served before. Returns what differs from the proof, or undefined.
 */
export async function recheckPods(run: PromotionRun, proof: Proof): Promise<string | undefined> {
  return await run.phase({ name: "recheck", seconds: apiPhaseSeconds }, async (signal) => {
    await run.write(signal, () => saveEvidence(run, { kind: "unfinished", before: "switch" }, signal));
    const gap = await recheck(run, proof, signal);
    run.line("recheck", gap === undefined ? "the proven pods are the pods that will serve" : gap);
    return gap;
  });
}

/** Phase SWITCH: the live Service's selector, by compare-and-swap. */
export async function switchTraffic(run: PromotionRun): Promise<void> {
  await run.phase({ name: "switch", seconds: apiPhaseSeconds }, async (signal) => {
    const { revision, service } = run.inputs;
    const outcome = await run.write(signal, async () => {
      run.stage = "switching";
      return await run.ports.cluster.switchTraffic(
        run.ref,
        trafficOfRevision(run.previous),
        trafficOfRevision(revision),
        signal,
      );
    });
    if (outcome.kind === "conflict") {
      run.stage = "scaled";
      throw run.stop({
        kind: "inconclusive",
        code: "E_CONFLICT",
        where: `${run.ref.namespace}/service/${service}`,
        message: `somebody else changed the selector: wanted to replace ${run.previous}, selector now ${trafficText(outcome.found)}.`,
      });
    }
    run.stage = "switched";
    run.switchedAt = run.ports.clock.now();
    run.line("switch", `${service}: ${run.previous === noRevision ? "nothing" : run.previous} -> ${revision}`);
  });
}
