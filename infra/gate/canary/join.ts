import type { Pod } from "../../status/objects.ts";
import { isReady } from "../../status/pod-facts.ts";
import { namesOf, podsOf } from "../app-view.ts";
import { probePods } from "../phase-probe.ts";
import { waitReady } from "../phase-ready.ts";
import type { Observation } from "../ports.ts";
import { apiPhaseSeconds, type PromotionRun } from "../promotion-run.ts";
import type { Proof } from "../proof.ts";
import { replicasOf } from "./ramp.ts";
import { letIn, type Stepping } from "./steps.ts";
import { verifyMixed } from "./verify-mixed.ts";

/** How often pods may change under the probes before that is the verdict. */
const proofRounds = 3;

/**
 * Waits for all replicas that the new revision is asked to have, proves those that have not passed in their present lives,
 * and lets them serve, until all do. Resolves with the proof of all.
 */
export async function joinAll(stepping: Stepping): Promise<Proof> {
  const { run, ramp } = stepping;
  for (let round = 0; round <= proofRounds; round++) {
    const observation = await look(run);
    const wanted = replicasOf(observation, ramp.to);
    const pods = podsOf(observation, ramp.to);
    const proof = ramp.proofOf(pods);
    const isJoined = (pod: Pod) => isReady(pod) && ramp.isLabelled(pod);
    if (pods.length === wanted && pods.every(isJoined) && proof !== undefined) return proof;
    run.replicas = wanted;
    await joinReady(stepping);
  }
  const message = `its pods changed after each of ${proofRounds} proofs.`;
  throw run.stop({ kind: "fail", code: "E_CRASH", phase: "recheck", message });
}

async function joinReady(stepping: Stepping): Promise<void> {
  const { run, ramp } = stepping;
  const ready = await waitReady(run);
  const unproven = ready.filter((pod) => ramp.proofOf([pod]) === undefined);
  if (unproven.length > 0) ramp.prove(await probePods(run, unproven));
  // Proven is a life, not a pod: one that restarted meanwhile waits for the next round.
  const pods = podsOf(await look(run), ramp.to);
  const newcomers = pods.filter((pod) => isReady(pod) && !ramp.isLabelled(pod) && ramp.proofOf([pod]) !== undefined);
  if (newcomers.length === 0) return;
  await letIn(stepping, newcomers);
  const names = namesOf(newcomers);
  const serving = ramp.servingOf(await look(run), ramp.to).length;
  run.line("ramp", `${serving} of ${run.inputs.replicas} replaced: ${names} serves`);
  await verifyMixed(run, ramp);
}

async function look(run: PromotionRun): Promise<Observation> {
  return await run.phase({ name: "ramp", seconds: apiPhaseSeconds }, (signal) =>
    run.ports.cluster.observe(run.ref, signal),
  );
}
