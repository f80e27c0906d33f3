import { appLabel, noRevision, revisionLabel } from "../core/names.ts";
import type { PromotionInputs } from "../core/promotion-inputs.ts";
import type { Deployment, ObjectMeta, Pod } from "../status/objects.ts";
import { hasEnded, isReady, isTerminating } from "../status/pod-facts.ts";
import type { Observation } from "./ports.ts";

/** The revision that an object belongs to, by its label. */
export function revisionOf(object: { readonly metadata: ObjectMeta }): string | undefined {
  return object.metadata.labels?.[revisionLabel];
}

/** What the live Service's selector names: a revision, or `none`. */
export function activeOf(observation: Observation): string {
  return observation.activeRevision ?? noRevision;
}

/** Pods of one revision that are not on their way out. */
export function podsOf(observation: { readonly pods: readonly Pod[] }, revision: string): Pod[] {
  return observation.pods.filter((pod) => revisionOf(pod) === revision && !isTerminating(pod) && !hasEnded(pod));
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
