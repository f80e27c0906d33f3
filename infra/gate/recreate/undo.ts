import { DeployError, textOf } from "../../core/errors.ts";
import { revisionName } from "../../core/names.ts";
import { trafficOfRevision } from "../../core/traffic.ts";
import type { EpochMs } from "../../core/units.ts";
import type { Pod } from "../../status/objects.ts";
import { isReady } from "../../status/pod-facts.ts";
import type { Aftermath } from "../aftermath.ts";
import { activeOf, deploymentOf, podsOf } from "../app-view.ts";
import type { Observation } from "../ports.ts";
import { proveOld } from "../prove-old.ts";
import { isLockLost, type Undoing } from "../undoing.ts";
import { stopWatchdog } from "./phase-watchdog.ts";

/** Time between two looks at the revision that comes back. */
const lookMs = 1_000;

/** How waiting for the old revision ended. `cut`: the caller cancelled, and it comes back by itself. */
type ComingBack =
  | { readonly kind: "back"; readonly pods: readonly Pod[] }
  | { readonly kind: "cut" }
  | { readonly kind: "missing"; readonly why: string };

/**
 * The way back of strategy recreate: traffic to the old revision if it was switched away, the candidate to 0, the old revision
 * to its replicas. Both scales are asked for at once: pods of the old revision wait for the candidate's to end, and a run that
 * dies now has asked for all. Then it is waited for and proven anew, unless the caller is in a hurry.
 */
export async function undoRecreate(undoing: Undoing): Promise<Aftermath> {
  const { run } = undoing;
  const { previous: stable, inputs, emptied } = run;
  const begun = run.ports.clock.now();
  const observation = await switchedBack(undoing, await look(undoing));
  const parked = await undoing.park(observation);
  const present = deploymentOf(observation, stable)?.spec.replicas ?? 1;
  const replicas = emptied?.replicas ?? 0;
  // Somebody else decides where traffic goes, or has brought the old revision back already.
  if (activeOf(observation) !== stable || present >= replicas) return parked;
  const workload = revisionName(inputs.app, stable);
  try {
    await undoing.write((signal) => run.ports.cluster.scale(run.ref, workload, replicas, signal));
  } catch (error) {
    if (isLockLost(run, error)) throw error;
    const problem = `${stable} could not be scaled back to ${replicas} replicas, so nobody serves: ${textOf(error)}`;
    return { ...parked, problem };
  }
  run.line("restore", `${workload}: ${present} to ${replicas} replicas`);
  await undoing.call((signal) => stopWatchdog(run, signal));
  const restored = { revision: stable, replicas };
  const serving = `nobody until ${stable} is back; its ${replicas} replicas were asked for`;
  const outageSeconds = run.outage.secondsUntil(run.ports.clock.now()) ?? 0;
  const asked = { ...parked, restored, serving, outageSeconds };
  return undoing.isHurried ? asked : { ...asked, ...(await proveBack(undoing, replicas, begun)) };
}

/** Where traffic has been switched already, it goes back first: the candidate takes no more requests while it ends. */
async function switchedBack(undoing: Undoing, observation: Observation): Promise<Observation> {
  const { stage, inputs, previous, ports, ref } = undoing.run;
  const isOurs = stage === "switched" || stage === "switching";
  if (!isOurs || activeOf(observation) !== inputs.revision) return observation;
  const [from, to] = [trafficOfRevision(inputs.revision), trafficOfRevision(previous)];
  const outcome = await undoing.write((signal) => ports.cluster.switchTraffic(ref, from, to, signal));
  if (outcome.kind === "switched") undoing.run.line("switch", `back to ${previous}`);
  return await look(undoing);
}

async function look(undoing: Undoing): Promise<Observation> {
  const observation = await undoing.observe();
  undoing.run.outage.note(observation, undoing.run.ports.clock.now());
  return observation;
}

/** What the waiting and the proof of the old revision add to the aftermath. */
async function proveBack(undoing: Undoing, replicas: number, begun: EpochMs): Promise<Partial<Aftermath>> {
  const { run } = undoing;
  const { previous: stable, ports } = run;
  const back = await waitBack(undoing);
  const outageSeconds = run.outage.secondsUntil(ports.clock.now()) ?? 0;
  const outage = { outageSeconds };
  if (back.kind === "cut") return outage;
  if (back.kind === "missing") return { ...outage, problem: `${stable} did not come back: ${back.why}` };
  const wrong = await firstWrong(undoing, back.pods);
  if (wrong === "cut") return outage;
  const serving = `revision ${stable}, ${back.pods.length} of ${replicas} pods ready`;
  if (wrong !== undefined) return { ...outage, serving, problem: `${stable} is back and answers wrongly: ${wrong}` };
  const seconds = run.secondsSince(begun);
  run.line("restore", `${stable} serves again and is proven, after ${seconds} s; outage ${outageSeconds} s`);
  return { ...outage, serving, restored: { revision: stable, replicas, seconds } };
}

/** Until every replica of the old revision is ready, `readySeconds` at the most. An API that is away is asked again. */
async function waitBack(undoing: Undoing): Promise<ComingBack> {
  const { run } = undoing;
  const { previous: stable, ports, abort } = run;
  const { readySeconds } = run.inputs.deadlines;
  const end = ports.clock.now() + readySeconds * 1000;
  let seen = "it was not seen";
  for (;;) {
    try {
      const observation = await look(undoing);
      const asked = deploymentOf(observation, stable)?.spec.replicas ?? 0;
      const pods = podsOf(observation, stable);
      const ready = pods.filter(isReady);
      if (asked > 0 && pods.length === asked && ready.length === asked) return { kind: "back", pods };
      seen = `${ready.length} of ${asked} pods ready`;
    } catch (error) {
      if (isLockLost(run, error)) throw error;
      seen = textOf(error);
    }
    if (abort.aborted) return { kind: "cut" };
    if (ports.clock.now() >= end) return { kind: "missing", why: `${seen} after ${readySeconds} s.` };
    run.status("restore", `${stable}: ${seen}`);
    await ports.clock.sleep(lookMs);
  }
}

/** What is wrong with the answers of the first pod that does not pass; undefined where all do. */
async function firstWrong(undoing: Undoing, pods: readonly Pod[]): Promise<string | undefined> {
  const wrongs = await Promise.all(pods.map((pod) => wrongOf(undoing, pod)));
  return wrongs.find((wrong) => wrong !== undefined);
}

/** What is wrong with one pod's answers; undefined where it passes, `cut` where the caller cancelled meanwhile. */
async function wrongOf(undoing: Undoing, pod: Pod): Promise<string | undefined> {
  const { run } = undoing;
  const asked = { pod, revision: run.previous };
  const ask = (signal: AbortSignal) => proveOld(run, asked, AbortSignal.any([signal, run.abort]));
  try {
    const verdict = await undoing.call(ask, run.inputs.deadlines.probeSeconds * 1000);
    return verdict.kind === "pass" ? undefined : `${pod.metadata.name}: ${verdict.reason}`;
  } catch (error) {
    if (run.abort.aborted) return "cut";
    if (!(error instanceof DeployError)) throw error;
    return `${pod.metadata.name}: ${textOf(error)}`;
  }
}
