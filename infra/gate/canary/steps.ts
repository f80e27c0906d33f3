import { isSameTraffic, type Traffic, trafficText } from "../../core/traffic.ts";
import type { EpochMs, Seconds } from "../../core/units.ts";
import { revisionOf } from "../../status/groups.ts";
import type { Pod } from "../../status/objects.ts";
import { hasEnded, isPlaced, isReady, isTerminating } from "../../status/pod-facts.ts";
import { deploymentOf, holdingOf, namesOf, podsOf, readyEndpoints } from "../app-view.ts";
import { drainPods, longestDrain } from "../drain.ts";
import { lookUntil } from "../look.ts";
import type { PhaseName } from "../phases.ts";
import type { Observation } from "../ports.ts";
import { apiPhaseSeconds, type PromotionRun } from "../promotion-run.ts";
import { type Ramp, replicasOf } from "./ramp.ts";

/** How long a pod may take beyond its grace period before its node is taken for lost. */
const overdueSeconds: Seconds = 60;

/** The pod that a scale-down shall take costs less than any other. */
const leavesFirst = -100;

/** Runs one step under its deadline: as a phase of the run, or as a part of undoing it. */
export type Stepper = <T>(name: PhaseName, seconds: Seconds, body: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/** One step of a ramp, and by what it is bounded. */
export interface Stepping {
  readonly run: PromotionRun;
  readonly ramp: Ramp;
  readonly step: Stepper;
}

/** Every step of the ramp as a phase of the run. */
export function steppingOf(run: PromotionRun, ramp: Ramp): Stepping {
  return { run, ramp, step: (name, seconds, body) => run.phase({ name, seconds }, body) };
}

/** Ends the run where somebody else has moved the selector: then the labels mean nothing any more. */
function requireTraffic(run: PromotionRun, { traffic }: Observation, wanted: Traffic): void {
  if (isSameTraffic(traffic, wanted)) return;
  const message = `somebody else changed the selector: wanted ${trafficText(wanted)}, selector now ${trafficText(traffic)}.`;
  const where = `${run.ref.namespace}/service/${run.ref.service}`;
  throw run.stop({ kind: "inconclusive", code: "E_CONFLICT", where, message });
}

/** Lets pods serve, and waits until they do. */
export async function letIn({ run, ramp, step }: Stepping, pods: readonly Pod[]): Promise<void> {
  if (pods.length === 0) return;
  await step("ramp", run.inputs.deadlines.verifySeconds, async (signal) => {
    for (const pod of pods) {
      ramp.noteBack(pod);
      await mark(run, pod, { ramp: ramp.label, deletionCost: 0 }, signal);
    }
    await endpointsFollow(run, ramp, signal);
  });
}

/** Waits until the Service's ready endpoints are exactly the pods that may serve. */
export async function endpointsFollow(run: PromotionRun, ramp: Ramp, signal: AbortSignal): Promise<Observation> {
  return await lookUntil(
    run,
    (observation) => {
      requireTraffic(run, observation, ramp.traffic);
      const wanted = new Set(ramp.servingOf(observation).map(({ metadata }) => metadata.uid));
      const uids = readyEndpoints(observation).map(({ podUid }) => podUid);
      return uids.length === wanted.size && uids.every((uid) => wanted.has(uid));
    },
    signal,
  );
}

/**
 * Takes pods out of the traffic, once enough others serve, and waits until none is an endpoint any more. Resolves with
 * when that was: their requests may still run.
 */
export async function takeOut(
  { run, ramp, step }: Stepping,
  pods: readonly Pod[],
  floor = ramp.floor,
): Promise<EpochMs> {
  const { readySeconds, verifySeconds } = run.inputs.deadlines;
  const names = namesOf(pods);
  const uids = new Set(pods.map(({ metadata }) => metadata.uid));
  return await step("ramp", readySeconds + verifySeconds, async (signal) => {
    const before = await lookUntil(
      run,
      (observation) => {
        requireTraffic(run, observation, ramp.traffic);
        const serving = ramp.servingOf(observation);
        const stay = serving.filter(({ metadata }) => !uids.has(metadata.uid));
        // What does not serve is missed by nobody.
        if (stay.length === serving.length) return true;
        if (stay.length < floor) run.status("ramp", `${names} goes when ${floor} others serve, now ${stay.length}`);
        return stay.length >= floor;
      },
      signal,
    );
    for (const pod of pods) {
      ramp.noteOut(pod);
      await mark(run, pod, { ramp: null, deletionCost: leavesFirst }, signal);
    }
    const after = await lookUntil(
      run,
      (observation) => readyEndpoints(observation).every(({ podUid }) => !uids.has(podUid)),
      signal,
    );
    const [was, now] = [before, after].map((observation) => ramp.servingOf(observation).length);
    run.line(
      "ramp",
      was === now ? `${names}: not serving, goes first` : `${names}: no new requests; ${now} of ${was} serve`,
    );
    return run.ports.clock.now();
  });
}

/** Waits until a pod that was taken out is idle, then scales its Deployment by one and waits until the pod is gone. */
export async function remove(stepping: Stepping, pod: Pod, since: EpochMs): Promise<void> {
  const { run, ramp, step } = stepping;
  const revision = revisionOf(pod) ?? ramp.from;
  if (isReady(pod)) {
    await step("retire", longestDrain(run) + apiPhaseSeconds, (signal) =>
      drainPods(run, { phase: "retire", pods: [pod], since }, signal),
    );
  }
  const isStaying = (now: Observation) =>
    podsOf(now, revision).some(({ metadata }) => metadata.uid === pod.metadata.uid);
  const after = await step("retire", graceOf(pod) + apiPhaseSeconds, async (signal) => {
    const observation = await run.ports.cluster.observe(run.ref, signal);
    requireTraffic(run, observation, ramp.traffic);
    const replicas = Math.max(0, replicasOf(observation, revision) - 1);
    await scaleTo(run, { revision, replicas, observation }, signal);
    const isPassedOver = (now: Observation) => isStaying(now) && podsOf(now, revision).length <= replicas;
    return await lookUntil(run, (now) => isGone(now, pod) || isPassedOver(now), signal);
  });
  if (isGone(after, pod)) return;
  // The controller has taken another one, which was not ready: this one may serve again, if it did.
  run.line("ramp", `${pod.metadata.name} stays: another pod of ${revision} went in its place`);
  if (ramp.isOld(pod)) await letIn(stepping, [pod]);
}

/** Lets all pods of a revision, which take no requests any more, become idle, and scales it to 0. */
export async function empty({ run, step }: Stepping, revision: string, since: EpochMs): Promise<void> {
  const observation = await step("ramp", apiPhaseSeconds, (signal) => run.ports.cluster.observe(run.ref, signal));
  const pods = podsOf(observation, revision);
  if (pods.some(isReady)) {
    await step("retire", longestDrain(run) + apiPhaseSeconds, (signal) =>
      drainPods(run, { phase: "retire", pods: pods.filter(isReady), since }, signal),
    );
  }
  await step("retire", Math.max(0, ...pods.map(graceOf)) + apiPhaseSeconds, async (signal) => {
    await scaleTo(run, { revision, replicas: 0, observation }, signal);
    await untilEnded(run, { revision, pods, stay: 0 }, signal);
  });
}

/** Takes all pods of the new revision away, at once, that may not serve; wrong ones once they are not all that serves. */
export async function dropUnproven(stepping: Stepping): Promise<void> {
  const { ramp } = stepping;
  await dropNew(stepping, (observation) => {
    ramp.rejectWrong(observation);
    return podsOf(observation, ramp.to).filter((pod) => ramp.isLabelled(pod) && ramp.mayServe(pod));
  });
}

/** Takes back what was asked for of the new revision and has found no node: a ramp asks where there is room. */
export async function dropUnplaced(stepping: Stepping): Promise<void> {
  await dropNew(stepping, (observation) => podsOf(observation, stepping.ramp.to).filter(isPlaced));
}

async function dropNew(
  { run, ramp, step }: Stepping,
  staying: (observation: Observation) => readonly Pod[],
): Promise<void> {
  const observation = await step("ramp", apiPhaseSeconds, (signal) => run.ports.cluster.observe(run.ref, signal));
  const kept = staying(observation);
  if (replicasOf(observation, ramp.to) <= kept.length) return;
  const pods = podsOf(observation, ramp.to);
  const dropped = pods.filter((pod) => !kept.includes(pod));
  await step("ramp", Math.max(0, ...pods.map(graceOf)) + apiPhaseSeconds, async (signal) => {
    for (const pod of dropped) await mark(run, pod, { ramp: null, deletionCost: leavesFirst }, signal);
    await scaleTo(run, { revision: ramp.to, replicas: kept.length, observation }, signal);
    await untilEnded(run, { revision: ramp.to, pods, stay: kept.length }, signal);
  });
}

interface Ending {
  readonly revision: string;
  /** All that there were when some were told to go. */
  readonly pods: readonly Pod[];
  /** How many stay. */
  readonly stay: number;
}

/** Until the pods that were told to go hold nothing any more. One that takes no requests and cannot end, since its node is lost, is not waited for. */
async function untilEnded(run: PromotionRun, { revision, pods, stay }: Ending, signal: AbortSignal): Promise<void> {
  const { clock } = run.ports;
  const seconds = Math.max(0, ...pods.map(graceOf)) + overdueSeconds;
  const end = clock.now() + seconds * 1000;
  const isOver = (now: Observation) => holdingOf(now, revision).length <= stay || clock.now() >= end;
  const left = holdingOf(await lookUntil(run, isOver, signal), revision);
  if (left.length <= stay) return;
  const names = namesOf(left.filter(isTerminating));
  run.line("ramp", `${names}: not gone after ${seconds} s, and not waited for; look at its node`);
}

/** Sets the replicas of a revision, where they are not so already. */
export async function scaleTo(
  run: PromotionRun,
  { revision, replicas, observation }: { revision: string; replicas: number; observation: Observation },
  signal: AbortSignal,
): Promise<void> {
  const deployment = deploymentOf(observation, revision);
  const present = deployment?.spec.replicas ?? 0;
  if (deployment === undefined || present === replicas) return;
  const { name } = deployment.metadata;
  await run.write(signal, () => run.ports.cluster.scale(run.ref, name, replicas, signal));
  run.line("ramp", `${name}: ${present} to ${replicas} replicas`);
}

/** Writes on a pod, if it is still there. */
export async function mark(
  run: PromotionRun,
  { metadata }: Pod,
  change: { readonly ramp: string | null; readonly deletionCost?: number },
  signal: AbortSignal,
): Promise<void> {
  const ref = { name: metadata.name, uid: metadata.uid ?? "" };
  await run.write(signal, () => run.ports.cluster.markPod(run.ref, ref, change, signal));
}

/** Whether the revision has as many pods as it asks for, all ready. */
export function isWhole(observation: Observation, revision: string, replicas: number): boolean {
  const pods = podsOf(observation, revision);
  return replicasOf(observation, revision) === replicas && pods.length === replicas && pods.every(isReady);
}

function isGone({ pods }: Observation, { metadata }: Pod): boolean {
  return pods.every((pod) => pod.metadata.uid !== metadata.uid || hasEnded(pod));
}

/** Kubernetes' own default where the pod says nothing. */
function graceOf(pod: Pod): Seconds {
  return pod.spec?.terminationGracePeriodSeconds ?? 30;
}
