import { activeOf, readyCount } from "../app-view.ts";
import type { Observation } from "../ports.ts";
import { leftBehind, type RolloutFinding } from "./diagnosis-findings.ts";
import { nextUpText, type PendingOrReason } from "./diagnosis-next.ts";
import { leaseStateOf, type RolloutFacts, standingOf } from "./standing.ts";

/** What a rollout left behind, what serves meanwhile, and what comes next. */
export interface RolloutDiagnosis {
  /** What clients reach now; a sentence without its full stop. */
  readonly serves: string;
  /** Whether a promotion is at work: what is found then is in flux, and nothing is left behind. */
  readonly isRunning: boolean;
  /** The most urgent first; empty where there is nothing to do. */
  readonly findings: readonly RolloutFinding[];
  /** What the next `pulumi up` does; a sentence without its full stop. */
  readonly nextUp: string;
}

/**
 * Says which state a run that ended early has left, from what the cluster shows and what is on record. Pure. What
 * comes next depends on what the settings ask for.
 */
export function diagnoseRollout(facts: RolloutFacts, known: PendingOrReason): RolloutDiagnosis {
  const isRunning = leaseStateOf(facts.lease, facts.now) === "held";
  const standings = standingOf(facts);
  return {
    serves: servesText(facts.observation),
    isRunning,
    findings: isRunning ? [] : leftBehind(facts, standings),
    nextUp: nextUpText({ facts, standings, isRunning }, known),
  };
}

/** What clients reach, with the numbers of pods. No full stop. */
function servesText(observation: Observation): string {
  const { traffic } = observation;
  const pods = (revision: string) => `${readyCount(observation, revision)} ready`;
  const ends = observation.endpoints.filter(({ ready }) => ready).length;
  switch (traffic.kind) {
    case "none":
      return "nothing: the live Service selects no revision";
    case "revision": {
      const serving = `revision ${traffic.revision}, ${pods(traffic.revision)}`;
      return ends === 0 ? `nobody: ${serving} pods` : `${serving}, ${ends} ${ends === 1 ? "endpoint" : "endpoints"}`;
    }
    case "ramp":
      return `revisions ${activeOf(observation)} (${pods(traffic.from)}) and ${traffic.to} (${pods(traffic.to)}), pod by pod, ${ends} ${ends === 1 ? "endpoint" : "endpoints"}`;
    default:
      return traffic satisfies never;
  }
}
