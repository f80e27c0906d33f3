import { appLabel } from "../../core/names.ts";
import { revisionOf } from "../groups.ts";
import type { Pod } from "../objects.ts";
import { isTerminating } from "../pod-facts.ts";

/**
 * What becomes of a bound pod in a rollout. `candidate`: already one of the replicas to come. `stable`: of the revision
 * that serves. `leaving`: of another revision of the app, or ending: its place is free before the candidate needs it.
 * `other`: somebody else's.
 */
export type PodRole = "candidate" | "stable" | "leaving" | "other";

/** A rollout of one app. */
export interface RolloutOf {
  readonly namespace: string;
  readonly app: string;
  /** The revision to come. */
  readonly revision: string;
  /** The revision that serves; `none` where none does. */
  readonly active: string;
}

/** The roles of pods in the rollout. */
export function rolesIn({ namespace, app, revision, active }: RolloutOf): (pod: Pod) => PodRole {
  return (pod) => {
    const { labels = {} } = pod.metadata;
    if (pod.metadata.namespace !== namespace || labels[appLabel] !== app) return "other";
    const own = revisionOf(pod);
    if (own === revision && !isTerminating(pod)) return "candidate";
    return own === active ? "stable" : "leaving";
  };
}
