import { redact } from "../core/redact.ts";
import { type Fault, faultWaits } from "./fault.ts";
import type { Deployment, Event, Pod } from "./objects.ts";

/** What the controllers say of one revision. */
export interface RevisionEvidence {
  readonly deployment: Deployment;
  readonly pods: readonly Pod[];
  /** Events of the Deployment's ReplicaSets and pods, oldest first. */
  readonly events: readonly Event[];
}

/** A controller that cannot reach the API server was refused nothing: it tries again, after minutes at worst. */
const unreachable = /^(?:Error creating: )?Post "https?:\/\//;

/**
 * Finds why a revision gets no pods at all: a quota or an admission webhook refuses them, and then no pod ever appears
 * that could tell. Undefined while as many pods exist as are wanted.
 */
export function revisionFault({ deployment, pods, events }: RevisionEvidence): Fault | undefined {
  const wanted = (deployment.spec.replicas ?? 1) * (deployment.group?.size ?? 1);
  if (pods.length >= wanted) return undefined;
  const condition = deployment.status?.conditions?.find(
    ({ type, status, message = "" }) => type === "ReplicaFailure" && status === "True" && !unreachable.test(message),
  );
  const event = events.findLast(
    ({ reason, involvedObject, message = "" }) =>
      reason === "FailedCreate" && involvedObject.kind !== "Pod" && !unreachable.test(message),
  );
  if (condition === undefined && event === undefined) return undefined;
  const words = condition?.message ?? event?.message ?? "no reason given";
  const isQuota = /exceeded quota/i.test(words);
  return {
    code: "E_QUOTA",
    reason: redact(`The cluster refuses to create its pods (${pods.length} of ${wanted} exist): ${words}.`),
    cure: isQuota
      ? "Raise the quota of the namespace, or free what other workloads hold."
      : "Read what the quota, policy or webhook asks for.",
    where: `${deployment.group === undefined ? "deployment" : "leaderworkerset"}/${deployment.metadata.name}`,
    verdictAfterSeconds: condition === undefined ? faultWaits.quotaEventSeconds : 0,
    tolerated: 0,
  };
}
