import { DeployError } from "../core/errors.ts";
import type { KubernetesObject } from "../core/kubernetes-object.ts";
import { cacheKeyAnnotation, revisionLabel } from "../core/names.ts";

/**
 * The revision of the rendered objects. The chart computes it from its canonical pod template, so that `helm install`,
 * rendered manifests and `pulumi up` agree on it. Throws `ENV_HELM` where no Deployment carries one.
 */
export function revisionOf(objects: readonly KubernetesObject[]): string {
  const workload = objects.find((object) => object.kind === "Deployment");
  const revision = workload?.metadata.labels?.[revisionLabel];
  if (revision !== undefined && /^[0-9a-f]{10}$/.test(revision)) return revision;
  throw new DeployError({
    code: "ENV_HELM",
    where: "charts/keye-sglang",
    message: `The chart rendered ${workload === undefined ? "no Deployment" : `a Deployment with ${revisionLabel}=${revision ?? ""}`}; wanted one with 10 hex digits in ${revisionLabel}.`,
    hint: "Compare the chart with the one that this version was released with.",
  });
}

/** Spec of the engine's pod template, as the chart has rendered it; empty where it has rendered none. */
export function podSpecOf(objects: readonly KubernetesObject[]): object {
  const workload = objects.find((object) => object.kind === "Deployment");
  // A rendered Deployment has the API's own shape.
  return (workload?.spec as { readonly template: { readonly spec: object } } | undefined)?.template.spec ?? {};
}

/** What the engines of the rendered objects keep compiled kernels by; undefined where the kernels go with the pod. */
export function cacheKeyOf(objects: readonly KubernetesObject[]): string | undefined {
  return objects.find((object) => object.kind === "Deployment")?.metadata.annotations?.[cacheKeyAnnotation];
}
