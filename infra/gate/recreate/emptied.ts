import { activeOf, deploymentOf } from "../app-view.ts";
import type { EvidenceDocument } from "../evidence.ts";
import type { Observation } from "../ports.ts";
import type { PromotionRun } from "../promotion-run.ts";

/**
 * What an earlier run of the same promotion took away and did not bring back, by its record and by what the cluster shows
 * now; undefined where nobody is missing. Whatever this run comes to, the revision that made room is its to restore.
 */
export function stillEmptied(
  { revision }: PromotionRun["inputs"],
  observation: Observation,
  evidence: EvidenceDocument | undefined,
): PromotionRun["emptied"] {
  const { isUnfinished, emptiedAt, previousReplicas, previousRevision } = evidence ?? {};
  if (isUnfinished !== true || emptiedAt === undefined || previousReplicas === undefined) return undefined;
  if (previousRevision === undefined || previousRevision === null) return undefined;
  const active = activeOf(observation);
  if (active !== previousRevision && active !== revision) return undefined;
  const old = deploymentOf(observation, previousRevision);
  if (old === undefined || (old.spec.replicas ?? 1) >= previousReplicas) return undefined;
  return { since: Date.parse(emptiedAt), replicas: previousReplicas };
}
