import { appLabel, noRevision } from "../core/names.ts";
import type { PromotionInputs } from "../core/promotion-inputs.ts";
import { replicaPods, revisionOf } from "../status/groups.ts";
import type { Deployment, Pod } from "../status/objects.ts";
import { hasEnded, isReady, isTerminating } from "../status/pod-facts.ts";
import type { Observation } from "./ports.ts";

/** The revision that traffic belongs to, or `none`. In a ramp, the one that is being replaced. */
export function activeOf({ traffic }: Pick<Observation, "traffic">): string {
  switch (traffic.kind) {
    case "none":
      return noRevision;
    case "revision":
      return traffic.revision;
    case "ramp":
      return traffic.from;
    default:
      return traffic satisfies never;
  }
}

/** Every revision whose pods clients may reach. */
export function servingRevisions({ traffic }: Pick<Observation, "traffic">): readonly string[] {
  if (traffic.kind === "ramp") return [traffic.from, traffic.to];
  return traffic.kind === "revision" ? [traffic.revision] : [];
}

/** Endpoints of the live Service that get new requests. */
export function readyEndpoints({ endpoints }: Pick<Observation, "endpoints">): Observation["endpoints"] {
  return endpoints.filter(({ ready, terminating }) => ready && !terminating);
}

/** Pods of one revision that are not on their way out, one for each replica: of a group its leader, with the others in `workers`. */
export function podsOf(observation: { readonly pods: readonly Pod[] }, revision: string): Pod[] {
  const own = replicaPods(observation.pods.filter((pod) => revisionOf(pod) === revision));
  return own.filter((pod) => !isTerminating(pod) && !hasEnded(pod));
}

/** Pods of one revision that hold resources, those on their way out too. An evicted one lies about until it is collected. */
export function holdingOf({ pods }: { readonly pods: readonly Pod[] }, revision: string): Pod[] {
  return pods.filter((pod) => revisionOf(pod) === revision && !hasEnded(pod));
}

/** The pods' names, as a line tells them. */
export function namesOf(pods: readonly Pod[]): string {
  return pods.map(({ metadata }) => metadata.name).join(", ");
}

/** How many pods of a revision are ready. */
export function readyCount(observation: Observation, revision: string): number {
  return podsOf(observation, revision).filter(isReady).length;
}

/** The Deployment of a revision. */
export function deploymentOf(observation: Observation, revision: string): Deployment | undefined {
  return observation.deployments.find((deployment) => revisionOf(deployment) === revision);
}

/** Deployments that still have replicas and belong neither to the revisions named nor to nobody. */
export function leftoversOf(observation: Observation, keep: readonly string[]): Deployment[] {
  return observation.deployments.filter((deployment) => {
    const revision = revisionOf(deployment);
    return revision !== undefined && !keep.includes(revision) && (deployment.spec.replicas ?? 1) > 0;
  });
}

/** Whether a pod, of any namespace, belongs to the app being promoted. */
export function isOfApp(pod: Pod, inputs: PromotionInputs): boolean {
  return pod.metadata.namespace === inputs.namespace && pod.metadata.labels?.[appLabel] === inputs.app;
}
