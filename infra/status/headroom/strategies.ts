import { isWorker } from "../groups.ts";
import type { Pod } from "../objects.ts";
import type { Fit, Headroom } from "./headroom.ts";

/** A way of replacing the stable revision. */
export type RolloutStrategy = "blueGreen" | "canary" | "recreate";

/** Whether a rollout can end by one strategy, and why. */
export interface StrategyAnswer {
  readonly strategy: RolloutStrategy;
  readonly isPossible: boolean;
  /** With both numbers; no full stop. */
  readonly reason: string;
}

/** What the strategies come to on this cluster. */
export interface Strategies {
  /** Of the whole candidate beside all that serves. */
  readonly beside: Fit;
  readonly answers: readonly StrategyAnswer[];
  /** The first that is possible, of those that cost users least. */
  readonly choice: RolloutStrategy | undefined;
  readonly because: string;
}

/** Tries each strategy, pod by pod, in the order in which a user would prefer them. */
export function tryStrategies(headroom: Headroom): Strategies {
  const beside = headroom.fitWithout([]);
  const answers = [blueGreen(headroom, beside), canary(headroom), recreate(headroom)];
  const choice = answers.find(({ isPossible }) => isPossible);
  const better = answers.slice(0, choice === undefined ? answers.length : answers.indexOf(choice));
  const against = better.map(({ strategy, reason }) => `${strategy} cannot (${reason})`);
  const because = [...(choice === undefined ? [] : [choice.reason]), ...against].join("; ");
  return { beside, answers, choice: choice?.strategy, because };
}

function blueGreen({ surge, stableReplicas }: Headroom, { fits, why }: Fit): StrategyAnswer {
  const beside =
    stableReplicas === 0 ? "" : ` beside the ${stableReplicas} that ${stableReplicas === 1 ? "serves" : "serve"}`;
  const reason = `room for ${fits} of ${surge}${beside}${why === undefined ? "" : ` (${why})`}`;
  return { strategy: "blueGreen", isPossible: fits >= surge, reason };
}

function recreate(headroom: Headroom): StrategyAnswer {
  const { surge, stable, stableReplicas } = headroom;
  const { fits, why } = headroom.fitWithout(stable);
  const bound = why === undefined ? "" : ` (${why})`;
  const meanwhile = fits < surge || stable.length === 0 ? "" : "; nobody serves until they are ready";
  const once = stable.length === 0 ? "" : ` once the ${stableReplicas} of the old revision are gone`;
  return {
    strategy: "recreate",
    isPossible: fits >= surge,
    reason: `room for ${fits} of ${surge}${once}${bound}${meanwhile}`,
  };
}

/**
 * One more than now where there is room for one, else one in place of another. Each step that needs the place of an old
 * replica takes the first whose node then has room.
 */
export function canary(headroom: Headroom): StrategyAnswer {
  const { surge, stable, present } = headroom;
  const answer = (isPossible: boolean, reason: string) => ({ strategy: "canary" as const, isPossible, reason });
  if (stable.length === 0) return answer(false, "no old revision serves that it could go beside");
  if (headroom.podsPerReplica > 1 || stable.some(isWorker)) return answer(false, groupsAreNotPicked);
  const { placed, needsPlaceAtOnce } = replaceOneByOne(headroom);
  if (placed < surge) return answer(false, `room for ${placed} of ${surge} when old replicas go one by one`);
  if (!needsPlaceAtOnce) return answer(true, `one at a time beside the ${stable.length} of the old revision`);
  const serving = stable.length + present;
  if (serving === 1) return answer(false, "the only old replica would have to go first");
  return answer(true, `one by one in the place of an old replica, ${serving - 1} of ${serving} serve meanwhile`);
}

/** @see sigs.k8s.io/lws v0.8.0: leaders are a StatefulSet, which goes down by its last ordinal whatever a pod's deletion cost */
const groupsAreNotPicked = "of groups of pods the cluster always takes the last one away, whichever still serves";

function replaceOneByOne(headroom: Headroom): { readonly placed: number; readonly needsPlaceAtOnce: boolean } {
  const gone = new Set<Pod>();
  const placedOn = new Map<string, number>();
  const free = (node: string) => headroom.roomWithout(node, gone) - (placedOn.get(node) ?? 0);
  const put = (node: string) => placedOn.set(node, (placedOn.get(node) ?? 0) + 1);
  const roomy = headroom.rooms.filter(({ fits }) => fits > 0).map(({ node }) => node);
  let onNewNodes = headroom.podsOnNewNodes;
  let needsPlaceAtOnce = false;
  for (let placed = 0; placed < headroom.surge; placed++) {
    const isAllowed = headroom.allowedWithout([...gone]).fits > placed;
    const open = isAllowed ? [...roomy, ...placedOn.keys()].find((node) => free(node) > 0) : undefined;
    if (open !== undefined) put(open);
    else if (isAllowed && onNewNodes > 0) onNewNodes--;
    else {
      const victim = headroom.stable.find((pod) => !gone.has(pod) && takesOver(headroom, { pod, gone, free, placed }));
      if (victim?.spec?.nodeName === undefined) return { placed, needsPlaceAtOnce };
      gone.add(victim);
      put(victim.spec.nodeName);
      needsPlaceAtOnce ||= placed === 0;
    }
  }
  return { placed: headroom.surge, needsPlaceAtOnce };
}

interface Replacement {
  readonly pod: Pod;
  readonly gone: Set<Pod>;
  readonly free: (node: string) => number;
  readonly placed: number;
}

/** Whether a new replica can go where an old one is. */
function takesOver(headroom: Headroom, { pod, gone, free, placed }: Replacement): boolean {
  const node = pod.spec?.nodeName;
  if (node === undefined) return false;
  gone.add(pod);
  const isRoom = free(node) > 0 && headroom.allowedWithout([...gone]).fits > placed;
  gone.delete(pod);
  return isRoom;
}
