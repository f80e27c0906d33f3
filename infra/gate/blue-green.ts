import { noRevision } from "../core/names.ts";
import { isPlaced } from "../status/pod-facts.ts";
import { deploymentOf, podsOf } from "./app-view.ts";
import type { Situation } from "./phase-observe.ts";
import { parkLeftovers, preflight } from "./phase-preflight.ts";
import { probePods } from "./phase-probe.ts";
import { scaleCandidate, waitReady, warmCache } from "./phase-ready.ts";
import { retireOld } from "./phase-retire.ts";
import { bringSupply } from "./phase-supply.ts";
import { recheckPods, switchTraffic, tidySelector } from "./phase-switch.ts";
import { soak, verifyEndpoints, verifyTraffic } from "./phase-verify.ts";
import type { PromotionRun } from "./promotion-run.ts";
import type { Proof } from "./proof.ts";

/** How often the candidate's pods may change under the probes before that is the verdict. */
const proofRounds = 3;

/**
 * Strategy blueGreen: the whole candidate beside the whole stable revision, proven pod by pod, then one switch. Needs the
 * GPUs of both. Also the first deploy, where nothing serves before.
 */
export async function blueGreen(run: PromotionRun, situation: Situation): Promise<Proof> {
  await preflight(run, situation);
  await parkLeftovers(run, situation);
  await bringSupply(run);
  const present = deploymentOf(situation.observation, run.inputs.revision)?.spec.replicas ?? 0;
  await scaleCandidate(run, await warmCache(run, present));
  const proof = await proveCandidate(run);
  await switchTraffic(run);
  await verifyServing(run, proof);
  await retireOld(run);
  return proof;
}

/**
 * Proves a revision that serves already: after a run that ended between switch and evidence, or when only the probes or
 * the number of replicas changed.
 */
export async function verifyInPlace(run: PromotionRun, situation: Situation): Promise<Proof> {
  const present = deploymentOf(situation.observation, run.inputs.revision)?.spec.replicas ?? 0;
  const { evidence } = situation;
  // The same number was asked for last time: whatever runs now is an autoscaler's wish.
  if (evidence?.replicas === run.inputs.replicas && present > 0) run.replicas = present;
  const canGoBack = run.previous !== noRevision || evidence?.previousRevision === null;
  if (evidence?.isUnfinished === true && canGoBack) {
    run.stage = "switched";
    run.switchedAt = run.ports.clock.now();
  }
  const pods = podsOf(situation.observation, run.inputs.revision);
  const needsRoom = present < run.replicas || !pods.every(isPlaced);
  if (needsRoom) {
    // Others may hold the GPUs that it needs.
    await parkLeftovers(run, situation);
    await bringSupply(run);
  }
  await scaleServing(run, present);
  const proof = await probePods(run, await waitReady(run));
  await tidySelector(run, situation);
  await verifyServing(run, proof);
  await retireOld(run);
  if (!needsRoom) await parkLeftovers(run, situation);
  return proof;
}

/** Phases READY to RECHECK, until the pods that were proven are those that would serve. */
export async function proveCandidate(run: PromotionRun): Promise<Proof> {
  let gap = "";
  for (let round = 0; round < proofRounds; round++) {
    const proof = await probePods(run, await waitReady(run));
    const found = await recheckPods(run, proof);
    if (found === undefined) return proof;
    gap = found;
  }
  throw run.stop({
    kind: "fail",
    code: "E_CRASH",
    phase: "recheck",
    message: `its pods changed after each of ${proofRounds} proofs: ${gap}.`,
  });
}

/** Phases ENDPOINTS to SOAK. */
export async function verifyServing(run: PromotionRun, proof: Proof): Promise<void> {
  await verifyEndpoints(run, proof);
  await verifyTraffic(run, proof);
  await soak(run, proof);
  run.stage = "verified";
}

/** The serving revision is never parked, whatever comes of its new replicas: `stage` stays as it is. */
async function scaleServing(run: PromotionRun, present: number): Promise<void> {
  const { stage } = run;
  await scaleCandidate(run, present);
  run.stage = stage;
}
