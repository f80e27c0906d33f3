import { podsOf } from "../app-view.ts";
import { retireOld } from "../phase-retire.ts";
import { recheckPods, switchTraffic } from "../phase-switch.ts";
import { soak, verifyEndpoints, verifyTraffic } from "../phase-verify.ts";
import { apiPhaseSeconds } from "../promotion-run.ts";
import type { Proof } from "../proof.ts";
import { joinAll } from "./join.ts";
import { replicasOf } from "./ramp.ts";
import { grow } from "./replace-old.ts";
import { empty, type Stepping, takeOut } from "./steps.ts";

/** How often pods may change between their proof and the last look at them. */
const recheckRounds = 3;

/**
 * The end of a ramp. The last old pods take no new requests but stay warm while the new revision is verified alone; only
 * then they go, where their place is needed, and the new revision gets its last replicas. The selector then names the new
 * revision for good.
 */
export async function takeOver(stepping: Stepping): Promise<Proof> {
  const { run } = stepping;
  const hasSoaked = await standAlone(stepping);
  const proof = await complete(stepping);
  await switchTraffic(run);
  await verifyEndpoints(run, proof);
  await verifyTraffic(run, proof);
  if (!hasSoaked) await soak(run, proof);
  run.stage = "verified";
  await retireOld(run);
  return proof;
}

/** Resolves with whether the new revision was verified: an earlier run may have let the last old pod go. */
async function standAlone(stepping: Stepping): Promise<boolean> {
  const { run, ramp } = stepping;
  ramp.admitsOld = false;
  const options = { name: "ramp" as const, seconds: apiPhaseSeconds };
  const observation = await run.phase(options, (signal) => run.ports.cluster.observe(run.ref, signal));
  if (podsOf(observation, ramp.from).length === 0) return false;
  const since = await takeOut(stepping, ramp.servingOf(observation, ramp.from));
  const proof = await joinAll(stepping);
  await verifyEndpoints(run, proof);
  await verifyTraffic(run, proof);
  await soak(run, proof);
  run.line("ramp", `${proof.length} pods of ${ramp.to} serve alone and are verified`);
  if (proof.length < run.inputs.replicas) await empty(stepping, ramp.from, since);
  return true;
}

/** All replicas of the new revision, proven, and still the same after the record of what is about to happen. */
async function complete(stepping: Stepping): Promise<Proof> {
  const { run, ramp } = stepping;
  let gap = "";
  for (let round = 0; round < recheckRounds; round++) {
    const options = { name: "ramp" as const, seconds: apiPhaseSeconds };
    const observation = await run.phase(options, (signal) => run.ports.cluster.observe(run.ref, signal));
    const present = replicasOf(observation, ramp.to);
    if (present < run.inputs.replicas) await grow(run, present, run.inputs.replicas);
    const proof = await joinAll(stepping);
    const found = await recheckPods(run, proof);
    if (found === undefined) return proof;
    gap = found;
  }
  const message = `its pods changed after each of ${recheckRounds} proofs: ${gap}.`;
  throw run.stop({ kind: "fail", code: "E_CRASH", phase: "recheck", message });
}
