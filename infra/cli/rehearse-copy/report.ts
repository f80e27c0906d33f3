import type { Seconds } from "../../core/units.ts";
import { type LowWater, lowWater, outage } from "../../rehearsal/copy/low-water.ts";
import type { RolloutStrategy, StrategyAnswer } from "../../status/headroom/strategies.ts";
import { headlineOf, type Played } from "./rollout.ts";
import { type TimelineRow, type TimeScale, timelineOf } from "./timeline.ts";

/** What was copied of the target. */
export interface CopiedFacts {
  readonly nodes: number;
  /** That take pods of the revision to come. */
  readonly nodesForEngines: number;
  readonly nodesWithoutNewPods: number;
  /** Of those nodes. */
  readonly gpus: number;
  readonly othersPods: number;
  /** Whether quotas and limits of the namespace could be read. */
  readonly hasLimits: boolean;
}

/** One strategy as it was played. */
export interface RehearsedRollout {
  readonly strategy: RolloutStrategy;
  /** `refused`: the update ended before it changed anything. */
  readonly verdict: "pass" | "fail" | "inconclusive" | "refused";
  /** Why it did not pass; absent where it did. */
  readonly reason?: string;
  readonly seconds: Seconds;
  /** About how long it may take on the target, of the phases that the rehearsal tells something about. */
  readonly targetSeconds?: Seconds;
  readonly timeline: readonly TimelineRow[];
  readonly lowWater: LowWater;
  /** How long nobody served, as it passed in the rehearsal. */
  readonly outageSeconds: Seconds;
  readonly preparedInSeconds: Seconds;
}

/** The result of `keye rehearse --from-context`, as `--json` prints it. Fields are added within a version, never changed. */
export interface RehearsalReport {
  readonly apiVersion: "keye-stack.dev/v1";
  readonly kind: "RehearsalReport";
  readonly stackFile: string;
  readonly context: string;
  readonly server: string;
  readonly serverVersion: string;
  readonly copied: CopiedFacts;
  /** Null where nothing serves. */
  readonly present: { readonly revision: string; readonly replicas: number; readonly podsPerReplica: number } | null;
  readonly replicas: number;
  readonly gpusPerReplica: number;
  readonly podsPerReplica: number;
  readonly speed: number;
  /** What the planner says of the target. */
  readonly plan: readonly StrategyAnswer[];
  /** What it says of the copy, where that is something else. */
  readonly planOfCopy?: readonly StrategyAnswer[];
  readonly rollouts: readonly RehearsedRollout[];
  readonly assumed: readonly string[];
}

/** Judges one played rollout. */
export function rolloutOf(strategy: RolloutStrategy, played: Played, scale: TimeScale): RehearsedRollout {
  const { evidence, levels, exitCode, output, seconds, preparedIn } = played;
  const verdict = exitCode === 0 ? "pass" : evidence === undefined ? "refused" : failed(evidence.verdict);
  const timeline = evidence === undefined ? [] : timelineOf(evidence, levels, scale);
  const known = timeline.flatMap(({ targetSeconds }) => targetSeconds ?? []);
  const always = [0, Number.POSITIVE_INFINITY] as const;
  return {
    strategy,
    verdict,
    ...(verdict === "pass" ? {} : { reason: headlineOf(output) }),
    seconds,
    ...(verdict === "pass" ? { targetSeconds: known.reduce((sum, one) => sum + one, 0) } : {}),
    timeline,
    lowWater: lowWater(levels, ...always),
    outageSeconds: levels.some(({ serving }) => serving > 0) ? outageOf(played) : 0,
    preparedInSeconds: preparedIn,
  };
}

/** A record of a pass does not make a failed update one. */
function failed(verdict: "pass" | "fail" | "inconclusive"): "fail" | "inconclusive" {
  return verdict === "inconclusive" ? "inconclusive" : "fail";
}

/** From the first replica that serves until the update has ended: before that nobody was served that could miss it. */
function outageOf({ levels, seconds }: Played): Seconds {
  const first = levels.find(({ serving }) => serving > 0)?.at ?? 0;
  const end = (levels[0]?.at ?? 0) + seconds * 1000;
  return outage(levels, first, end);
}
