import { textOf } from "../../core/errors.ts";
import { isMixedSelector, isSameTraffic, type Traffic, trafficOfRevision } from "../../core/traffic.ts";
import type { EpochMs, Seconds } from "../../core/units.ts";
import type { Aftermath } from "../aftermath.ts";
import { deploymentOf, readyCount, servingRevisions } from "../app-view.ts";
import { withinDeadline } from "../deadline.ts";
import { leadTraffic } from "../phase-switch.ts";
import type { Observation } from "../ports.ts";
import { PromotionStop } from "../promotion-error.ts";
import { apiPhaseSeconds } from "../promotion-run.ts";
import { isLockLost, type Undoing } from "../undoing.ts";
import { guarded } from "./guard.ts";
import { type Ramp, replicasOf } from "./ramp.ts";
import type { Stepper } from "./steps.ts";
import { walkBack } from "./walk-back.ts";

/**
 * Undoes a canary. Mostly it walks back, pod by pod; a cancel leaves no time for that, so the selector goes to the old
 * revision at once, and all that it had is asked for and not waited for. Where none of its pods is ready and new ones serve,
 * the ramp is left serving those, and the next run goes on with it.
 */
export async function undoRamp(undoing: Undoing, ramp: Ramp): Promise<Aftermath> {
  const { run } = undoing;
  const way: WayBack = { ramp, begun: run.ports.clock.now(), before: await undoing.observe() };
  try {
    if (!isOurs(undoing, ramp, way.before.traffic)) return await leaveToThem(undoing, ramp, way.before);
    if (!undoing.isHurried) return await goBack(undoing, way);
  } catch (error) {
    if (isLockLost(run, error)) throw error;
    if (!undoing.isHurried) return await stuck(undoing, ramp, error);
  }
  return await goBackAtOnce(undoing, way);
}

interface WayBack {
  readonly ramp: Ramp;
  readonly begun: EpochMs;
  /** The cluster when undoing began. */
  readonly before: Observation;
}

async function goBack(undoing: Undoing, way: WayBack): Promise<Aftermath> {
  const { run, stop } = undoing;
  const { ramp, before } = way;
  const { from, oldReplicas: replicas } = ramp;
  const step: Stepper = (name, seconds, body) => undoStep(undoing, { name, seconds }, body);
  ramp.noteWrong(run.measured.filter(({ verdict }) => verdict === "fail"));
  run.traffic = before.traffic;
  if (isSameTraffic(before.traffic, trafficOfRevision(ramp.to))) {
    await step("switch", apiPhaseSeconds, (signal) => leadTraffic(run, ramp.traffic, signal));
  } else if (isMixedSelector(before.service.spec.selector)) {
    await step("switch", apiPhaseSeconds, (signal) => leadTraffic(run, before.traffic, signal));
  }
  const { switchedAt } = await guarded(run, ramp, () => walkBack({ run, ramp, step }, stop.code === "E_POSTVERIFY"));
  const wrong = await undoing.verifyBack(from);
  const after = undoing.left(await undoing.observe(), "parked (scaled to 0)");
  const back = hadNew(way) ? { switchedBackSeconds: secondsOf(way, switchedAt) } : {};
  if (wrong !== undefined) {
    return { ...after, ...back, problem: `traffic is back at ${from}, which does not answer as it should: ${wrong}` };
  }
  if (replicasOf(before, from) >= replicas) return { ...after, ...back };
  const seconds = secondsOf(way, run.ports.clock.now());
  run.line("restore", `${from} has its ${replicas} replicas again after ${seconds} s`);
  return { ...after, ...back, restored: { revision: from, replicas, seconds } };
}

/** What there is time for after a cancel: a look, the selector, both scales. */
async function goBackAtOnce(undoing: Undoing, way: WayBack): Promise<Aftermath> {
  const { run } = undoing;
  const { ramp } = way;
  const { cluster } = run.ports;
  const observation = await undoing.observe();
  const { traffic } = observation;
  if (!isOurs(undoing, ramp, traffic)) return await leaveToThem(undoing, ramp, observation);
  const target = trafficOfRevision(ramp.from);
  if (!isSameTraffic(traffic, target) || isMixedSelector(observation.service.spec.selector)) {
    const isAllThatServes = readyCount(observation, ramp.from) === 0 && ramp.servingOf(observation, ramp.to).length > 0;
    if (isAllThatServes) return leaveRamp(undoing, ramp, observation);
    const outcome = await undoing.write((signal) => cluster.switchTraffic(run.ref, traffic, target, signal));
    if (outcome.kind === "conflict") return await leaveToThem(undoing, ramp, await undoing.observe());
    run.line("switch", `back to ${ramp.from}`);
  }
  const back = hadNew(way) ? { switchedBackSeconds: secondsOf(way, run.ports.clock.now()) } : {};
  await Promise.all([
    ask(undoing, observation, { revision: ramp.to, replicas: 0 }),
    ask(undoing, observation, { revision: ramp.from, replicas: ramp.oldReplicas }),
  ]);
  const after = undoing.left({ ...observation, traffic: target }, "parked (scaled to 0)");
  if (replicasOf(observation, ramp.from) >= ramp.oldReplicas) return { ...after, ...back };
  return { ...after, ...back, restored: { revision: ramp.from, replicas: ramp.oldReplicas } };
}

function leaveRamp(undoing: Undoing, ramp: Ramp, observation: Observation): Aftermath {
  const { length } = ramp.servingOf(observation, ramp.to);
  const candidate = `serves with ${length} proven pods, for ${ramp.from} has no ready one`;
  return { ...undoing.left(observation, candidate), isRampLeft: true };
}

/** Somebody else has moved the selector: what they chose stays, and the new revision is parked unless they chose it. */
async function leaveToThem(undoing: Undoing, ramp: Ramp, observation: Observation): Promise<Aftermath> {
  if (servingRevisions(observation).includes(ramp.to))
    return undoing.left(observation, "serves by somebody else's doing");
  await ask(undoing, observation, { revision: ramp.to, replicas: 0 });
  return undoing.left(observation, "parked (scaled to 0)");
}

async function stuck(undoing: Undoing, ramp: Ramp, error: unknown): Promise<Aftermath> {
  const observation = await undoing.observe();
  const isMoved = error instanceof PromotionStop && error.code === "E_CONFLICT";
  if (isMoved && !isOurs(undoing, ramp, observation.traffic)) return await leaveToThem(undoing, ramp, observation);
  const problem = `going back to ${ramp.from} did not come to its end: ${textOf(error)}`;
  return { ...undoing.left(observation, "left as it is"), problem };
}

/** Whether traffic is where this ramp, or its end, has led it. */
function isOurs({ run: { stage } }: Undoing, ramp: Ramp, traffic: Traffic): boolean {
  const isSwitched = stage === "switching" || stage === "switched";
  const ours = [ramp.traffic, trafficOfRevision(ramp.from), ...(isSwitched ? [trafficOfRevision(ramp.to)] : [])];
  return ours.some((each) => isSameTraffic(each, traffic));
}

/** Whether clients could reach the new revision. */
function hadNew({ ramp, before }: WayBack): boolean {
  return before.traffic.kind === "revision"
    ? before.traffic.revision === ramp.to
    : ramp.servingOf(before, ramp.to).length > 0;
}

async function ask(
  undoing: Undoing,
  observation: Observation,
  { revision, replicas }: { readonly revision: string; readonly replicas: number },
): Promise<void> {
  const { run } = undoing;
  const deployment = deploymentOf(observation, revision);
  if (deployment === undefined || deployment.spec.replicas === replicas) return;
  const { name } = deployment.metadata;
  await undoing.write((signal) => run.ports.cluster.scale(run.ref, name, replicas, signal));
  run.line("restore", `${name}: ${deployment.spec.replicas ?? 1} to ${replicas} replicas`);
}

async function undoStep<T>(
  { run }: Undoing,
  { name, seconds }: { readonly name: string; readonly seconds: Seconds },
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const outer = AbortSignal.any([run.abort, run.alarm].filter((signal) => signal !== undefined));
  const outcome = await withinDeadline({ clock: run.ports.clock, milliseconds: seconds * 1000 }, outer, body);
  if (outcome.kind === "value") return outcome.value;
  const message = `phase ${name} reached its deadline (${seconds} s) on the way back.`;
  throw run.stop({ kind: "inconclusive", code: "GATE_DEADLINE", message });
}

function secondsOf({ begun }: WayBack, moment: EpochMs): Seconds {
  return Math.round((moment - begun) / 100) / 10;
}
