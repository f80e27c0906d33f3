import { trafficOfRevision } from "../../core/traffic.ts";
import type { EpochMs } from "../../core/units.ts";
import type { Pod } from "../../status/objects.ts";
import { isPlaced, isReady } from "../../status/pod-facts.ts";
import { podsOf, readyCount } from "../app-view.ts";
import { lookUntil } from "../look.ts";
import { leadTraffic } from "../phase-switch.ts";
import type { Observation } from "../ports.ts";
import { apiPhaseSeconds } from "../promotion-run.ts";
import { proveOld } from "../prove-old.ts";
import { replicasOf } from "./ramp.ts";
import { roomFor } from "./room.ts";
import { dropUnproven, empty, isWhole, letIn, remove, type Stepping, scaleTo, takeOut } from "./steps.ts";

/**
 * Goes back to the old revision alone: the same ramp in the other direction, so that no more than one replica is missing.
 * New pods that have not passed go at once; those that serve go one by one, as old ones come back, are asked, and serve.
 * Where no new pod serves, or one has answered a client wrongly (`isWrong`), the first ready old pod is enough for the
 * selector. Ends with the old revision whole and the new one at 0.
 */
export async function walkBack(stepping: Stepping, isWrong: boolean): Promise<{ readonly switchedAt: EpochMs }> {
  const { run, ramp, step } = stepping;
  ramp.admitsOld = false;
  const isOld = (pod: Pod) => isReady(pod) && (ramp.isLabelled(pod) || ramp.isOld(pod));
  ramp.trust(podsOf(await look(stepping), ramp.from).filter(isOld));
  await swapBack(stepping, isWrong);
  const switchedAt = run.ports.clock.now();
  await empty(stepping, ramp.to, switchedAt);
  await step("restore", run.inputs.deadlines.readySeconds, async (signal) => {
    const observation = await run.ports.cluster.observe(run.ref, signal);
    // One that was not whole before is not waited for.
    if (replicasOf(observation, ramp.from) >= ramp.oldReplicas) return;
    await scaleTo(run, { revision: ramp.from, replicas: ramp.oldReplicas, observation }, signal);
    await lookUntil(run, (now) => isWhole(now, ramp.from, ramp.oldReplicas), signal);
  });
  return { switchedAt };
}

/** Until the selector names the old revision alone. */
async function swapBack(stepping: Stepping, isWrong: boolean): Promise<void> {
  const { run, ramp, step } = stepping;
  while (run.traffic.kind === "ramp") {
    await dropUnproven(stepping);
    const observation = await look(stepping);
    const fresh = ramp.servingOf(observation, ramp.to);
    let isEnough = readyCount(observation, ramp.from) > 0 && (isWrong || fresh.length === 0);
    if (!isEnough) {
      const { placed, hasGrown } = await growOld(stepping, observation);
      await letOldIn(stepping, placed);
      isEnough = placed >= ramp.oldReplicas;
      if (!isEnough && !hasGrown) await makeRoom(stepping);
    }
    if (isEnough) {
      await step("switch", apiPhaseSeconds, (signal) => leadTraffic(run, trafficOfRevision(ramp.from), signal));
    }
  }
}

/**
 * Asks for as many more old pods as there is room for. Resolves with how many have a node then: more may be asked for, by
 * somebody or for later.
 */
async function growOld({ run, ramp, step }: Stepping, observation: Observation) {
  const before = podsOf(observation, ramp.from).filter(isPlaced).length;
  const exchange = { grows: ramp.from, shrinks: ramp.to, replicas: ramp.oldReplicas };
  return await step("restore", apiPhaseSeconds, async (signal) => {
    const room = before < ramp.oldReplicas ? await roomFor(run, exchange, observation, signal) : undefined;
    const placed = Math.max(before, Math.min(ramp.oldReplicas, before + (room?.fitWithout([]).fits ?? 0)));
    const isAsked = placed <= replicasOf(observation, ramp.from);
    if (!isAsked) await scaleTo(run, { revision: ramp.from, replicas: placed, observation }, signal);
    return { placed, hasGrown: placed > before };
  });
}

/** Waits for the old pods that have a node; those that were not there before are asked before they serve. */
async function letOldIn(stepping: Stepping, placed: number): Promise<void> {
  const { run, ramp, step } = stepping;
  const { readySeconds, probeSeconds } = run.inputs.deadlines;
  const pods = await step("restore", readySeconds, async (signal) => {
    const placedOf = (now: Observation) => podsOf(now, ramp.from).filter(isPlaced);
    const isBack = (now: Observation) => placedOf(now).length >= placed && placedOf(now).every(isReady);
    return placedOf(await lookUntil(run, isBack, signal));
  });
  const newcomers = pods.filter((pod) => !ramp.isLabelled(pod));
  await step("restore", probeSeconds, async (signal) => {
    await Promise.all(newcomers.filter((pod) => !ramp.mayServe(pod)).map((pod) => requireRight(stepping, pod, signal)));
  });
  ramp.trust(newcomers);
  await letIn(stepping, newcomers);
}

async function requireRight({ run, ramp }: Stepping, pod: Pod, signal: AbortSignal): Promise<void> {
  const verdict = await proveOld(run, { pod, revision: ramp.from }, signal);
  if (verdict.kind === "pass") return;
  throw run.stop({
    kind: verdict.kind === "fail" ? "fail" : "inconclusive",
    code: "E_PROBE",
    where: `${run.ref.namespace}/pod/${pod.metadata.name}`,
    message: `a pod of ${ramp.from} that came back does not answer as it should: ${verdict.reason}`,
  });
}

/** Takes one new pod away so that an old one finds room, and never the last pod that serves. */
async function makeRoom(stepping: Stepping): Promise<void> {
  const { run, ramp } = stepping;
  const observation = await look(stepping);
  const serving = ramp.servingOf(observation);
  const [leaves] = ramp.servingOf(observation, ramp.to);
  if (leaves === undefined || serving.length < 2) {
    const message = `there is no room for more pods of ${ramp.from}: ${serving.length} of both revisions serve.`;
    throw run.stop({ kind: "inconclusive", code: "E_CAPACITY", message, hint: "Free GPUs or add nodes." });
  }
  await remove(stepping, leaves, await takeOut(stepping, [leaves], Math.min(ramp.floor, serving.length - 1)));
}

async function look({ run, step }: Stepping): Promise<Observation> {
  return await step("restore", apiPhaseSeconds, (signal) => run.ports.cluster.observe(run.ref, signal));
}
