import { textOf } from "../core/errors.ts";
import { noRevision } from "../core/names.ts";
import { trafficOfRevision } from "../core/traffic.ts";
import type { Aftermath } from "./aftermath.ts";
import { activeOf, deploymentOf, readyCount } from "./app-view.ts";
import { undoRamp } from "./canary/undo.ts";
import type { Observation } from "./ports.ts";
import type { PromotionStop } from "./promotion-error.ts";
import type { PromotionRun } from "./promotion-run.ts";
import { undoRecreate } from "./recreate/undo.ts";
import { isLockLost, Undoing } from "./undoing.ts";

/**
 * Undoes what the run changed, deciding by what the cluster shows and not by what the run remembers. The candidate is
 * parked unless it serves; traffic goes back only to a revision with ready pods. Never rejects.
 */
export async function compensate(run: PromotionRun, stop: PromotionStop): Promise<Aftermath> {
  if (stop.kind === "lost") return handsOff(run);
  const undoing = new Undoing(run, stop);
  try {
    return await undo(undoing);
  } catch (error) {
    if (isLockLost(run, error)) return handsOff(run);
    return { ...undoing.lastSeen(), problem: `could not undo: ${textOf(error)}` };
  }
}

/** By what the run has begun: a strategy that touches more than the selector and the candidate has its own way back. */
async function undo(undoing: Undoing): Promise<Aftermath> {
  const { emptied, ramp, stage } = undoing.run;
  if (ramp !== undefined && stage !== "verified") return await undoRamp(undoing, ramp);
  if (emptied !== undefined && stage !== "verified") return await undoRecreate(undoing);
  return await undoSwitch(undoing);
}

async function undoSwitch(undoing: Undoing): Promise<Aftermath> {
  const observation = await undoing.observe();
  const { stage, inputs } = undoing.run;
  const isOurSwitch = stage === "switched" || stage === "switching";
  if (isOurSwitch && activeOf(observation) === inputs.revision) return await switchBack(undoing, observation);
  if (stage === "untouched") return undoing.left(observation, candidateText(observation, inputs.revision));
  if (stage === "verified") return undoing.left(observation, "serves, and has proven it; nothing was undone");
  return await undoing.park(observation);
}

async function switchBack(undoing: Undoing, observation: Observation): Promise<Aftermath> {
  const { run } = undoing;
  const { inputs, previous, ports, ref } = run;
  const begun = ports.clock.now();
  if (previous !== noRevision && readyCount(observation, previous) === 0) {
    const problem = `revision ${previous} has no ready pod to go back to, so the candidate was left serving.`;
    return { ...undoing.left(observation, "still serves"), problem };
  }
  const [from, to] = [trafficOfRevision(inputs.revision), trafficOfRevision(previous)];
  const outcome = await undoing.write((signal) => ports.cluster.switchTraffic(ref, from, to, signal));
  const after = await undoing.observe();
  if (outcome.kind === "conflict") return await undoing.park(after);
  const wrong = await undoing.verifyBack(previous);
  if (wrong !== undefined) {
    const problem = `traffic is back at ${previous}, which does not answer as it should: ${wrong}`;
    return { ...undoing.left(after, "left running"), problem };
  }
  const switchedBackSeconds = Math.round((ports.clock.now() - begun) / 100) / 10;
  run.line("switch", `back to ${previous === noRevision ? "nothing" : previous} in ${switchedBackSeconds} s`);
  return { ...(await undoing.park(after)), switchedBackSeconds };
}

function candidateText(observation: Observation, revision: string): string {
  const replicas = deploymentOf(observation, revision)?.spec.replicas ?? 0;
  return activeOf(observation) === revision ? "serves; nothing was changed" : `untouched, at ${replicas} replicas`;
}

/** Another writer has the Lease and decides from here on; after a switch the candidate may be left serving unverified. */
function handsOff({ stage, inputs }: PromotionRun): Aftermath {
  const left: Aftermath = {
    active: undefined,
    serving: "as the new holder of the Lease decides",
    candidate: "left as it was; nothing more was written",
  };
  if (stage !== "switching" && stage !== "switched") return left;
  return { ...left, problem: `the Lease was lost with ${inputs.revision} switched to but not verified.` };
}
