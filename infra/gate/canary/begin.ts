import { rampLabel } from "../../core/names.ts";
import { rampName, type Traffic } from "../../core/traffic.ts";
import type { Milliseconds } from "../../core/units.ts";
import { isReady } from "../../status/pod-facts.ts";
import { podsOf } from "../app-view.ts";
import { saveEvidence } from "../evidence-store.ts";
import type { Situation } from "../phase-observe.ts";
import { leadTraffic } from "../phase-switch.ts";
import { apiPhaseSeconds, type PromotionRun } from "../promotion-run.ts";
import { Ramp, replicasOf } from "./ramp.ts";
import { endpointsFollow, mark } from "./steps.ts";

/**
 * Time between the labels and the selector that asks for them. The endpoint controller hears of pods and of Services by two
 * watches: with the selector's news first, it would find no pod.
 */
const labelsFirstMs: Milliseconds = 2_000;

/**
 * Leads traffic from the old revision's selector to the ramp's, which finds the same pods: each ready one is labelled
 * before. Leaves a record first, for whoever finds the ramp without this run.
 */
export async function beginRamp(run: PromotionRun): Promise<Ramp> {
  const { previous: from, previousReplicas: oldReplicas, inputs } = run;
  const ramp = new Ramp({ from, to: inputs.revision, oldReplicas, newReplicas: inputs.replicas });
  await run.phase({ name: "ramp", seconds: apiPhaseSeconds }, async (signal) => {
    await run.write(signal, () => saveEvidence(run, { kind: "unfinished", before: "ramp" }, signal));
    run.ramp = ramp;
    run.stage = "scaled";
    const observation = await run.ports.cluster.observe(run.ref, signal);
    // The label may be left from an earlier ramp between the two.
    const strangers = podsOf(observation, ramp.to).filter((pod) => ramp.isLabelled(pod));
    for (const pod of strangers) await mark(run, pod, { ramp: null }, signal);
    const old = podsOf(observation, from).filter(isReady);
    for (const pod of old) await mark(run, pod, { ramp: ramp.label, deletionCost: 0 }, signal);
    await run.ports.clock.sleep(labelsFirstMs, signal);
  });
  await run.phase({ name: "switch", seconds: apiPhaseSeconds }, (signal) => leadTraffic(run, ramp.traffic, signal));
  await run.phase({ name: "ramp", seconds: inputs.deadlines.verifySeconds }, async (signal) => {
    const serving = ramp.servingOf(await endpointsFollow(run, ramp, signal));
    run.line(
      "ramp",
      `${serving.length} pods of ${from} serve, and make room one by one for ${inputs.replicas} of ${ramp.to}`,
    );
  });
  return ramp;
}

/** The ramp between these very revisions that an earlier run left; undefined where there is none. */
export function resumeRamp(run: PromotionRun, situation: Situation): Ramp | undefined {
  const ramp = rampLeft(run, situation);
  if (ramp === undefined) return undefined;
  const fresh = ramp.servingOf(situation.observation, ramp.to);
  run.line(
    "ramp",
    `goes on with the ramp of an earlier run: ${fresh.length} pods of ${ramp.to} serve and are proven again`,
  );
  return ramp;
}

/**
 * Takes over the ramp that the live Service's selector names: from here on the run undoes it where it fails. Its pods that
 * serve are taken to have been proven. How many the old revision had is on record where the same revision is promoted
 * again; else it is the most of what is asked for, what the Deployment asks for, and what serves.
 */
export function rampLeft(run: PromotionRun, { observation, evidence }: Situation): Ramp | undefined {
  const { traffic } = observation;
  if (traffic.kind !== "ramp") return undefined;
  const { replicas } = run.inputs;
  const isRecorded = evidence?.previousRevision === traffic.from && evidence.revision === traffic.to;
  const seen = Math.max(replicas, replicasOf(observation, traffic.from), labelled(observation, traffic).length);
  const oldReplicas = (isRecorded ? evidence.previousReplicas : undefined) ?? seen;
  const ramp = new Ramp({ from: traffic.from, to: traffic.to, oldReplicas, newReplicas: replicas });
  ramp.trust(ramp.servingOf(observation, ramp.to));
  // Not before it is known which of them may.
  ramp.admitsOld = false;
  run.ramp = ramp;
  run.previousReplicas = oldReplicas;
  run.stage = "scaled";
  return ramp;
}

function labelled({ pods }: Situation["observation"], ramp: Extract<Traffic, { kind: "ramp" }>) {
  return pods.filter((pod) => pod.metadata.labels?.[rampLabel] === rampName(ramp) && isReady(pod));
}
