import { isMixedSelector, isSameTraffic, type Traffic, trafficOfRevision, trafficText } from "../core/traffic.ts";
import { saveEvidence } from "./evidence-store.ts";
import type { Situation } from "./phase-observe.ts";
import { recheck } from "./phase-probe.ts";
import { PromotionStop } from "./promotion-error.ts";
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

/** Phase SWITCH: leads clients to the candidate. */
export async function switchTraffic(run: PromotionRun): Promise<void> {
  await run.phase({ name: "switch", seconds: apiPhaseSeconds }, async (signal) => {
    try {
      await leadTraffic(run, trafficOfRevision(run.inputs.revision), signal, () => {
        run.stage = "switching";
      });
    } catch (error) {
      // Somebody else's selector is not ours to take back.
      if (error instanceof PromotionStop && error.code === "E_CONFLICT") run.stage = "scaled";
      throw error;
    }
    run.stage = "switched";
    run.switchedAt = run.ports.clock.now();
  });
}

/**
 * Where the target serves by an edit of the selector during a ramp: leaves of the selector only what somebody set, so that
 * clients reach all of it. Its pods are proven before.
 */
export async function tidySelector(run: PromotionRun, { observation }: Situation): Promise<void> {
  if (!isMixedSelector(observation.service.spec.selector)) return;
  const { traffic } = run;
  await run.phase({ name: "switch", seconds: apiPhaseSeconds }, (signal) => leadTraffic(run, traffic, signal));
}

/**
 * Changes the live Service's selector from what the run knows of it, by compare-and-swap. `onSend` is called before the
 * outcome can be anything but unknown. Rejects with `E_CONFLICT` where somebody else was there first.
 */
export async function leadTraffic(
  run: PromotionRun,
  to: Traffic,
  signal: AbortSignal,
  onSend: () => void = () => undefined,
): Promise<void> {
  const { service } = run.inputs;
  const from = run.traffic;
  const outcome = await run.write(signal, async () => {
    onSend();
    return await run.ports.cluster.switchTraffic(run.ref, from, to, signal);
  });
  if (outcome.kind === "conflict") {
    throw run.stop({
      kind: "inconclusive",
      code: "E_CONFLICT",
      where: `${run.ref.namespace}/service/${service}`,
      message: `somebody else changed the selector: wanted to replace ${trafficText(from)}, selector now ${trafficText(outcome.found)}.`,
    });
  }
  run.traffic = to;
  const text = (traffic: Traffic) => (traffic.kind === "none" ? "nothing" : trafficText(traffic));
  const way = isSameTraffic(from, to)
    ? `${text(to)} alone, without the label of a ramp`
    : `${text(from)} -> ${text(to)}`;
  run.line("switch", `${service}: ${way}`);
}
