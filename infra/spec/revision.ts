import { DeployError } from "../core/errors.ts";
import type { KubernetesObject } from "../core/kubernetes-object.ts";
import { cacheKeyAnnotation, revisionLabel } from "../core/names.ts";

/**
 * The revision of the rendered objects. The chart computes it from its canonical pod template, so that `helm install`,
 * rendered manifests and `pulumi up` agree on it. Throws `ENV_HELM` where no workload carries one.
 */
export function revisionOf(objects: readonly KubernetesObject[]): string {
  const workload = workloadOf(objects);
  const revision = workload?.metadata.labels?.[revisionLabel];
  if (revision !== undefined && /^[0-9a-f]{10}$/.test(revision)) return revision;
  throw new DeployError({
    code: "ENV_HELM",
    where: "charts/keye-sglang",
    message: `The chart rendered ${workload === undefined ? "no Deployment" : `a ${workload.kind} with ${revisionLabel}=${revision ?? ""}`}; wanted one with 10 hex digits in ${revisionLabel}.`,
    hint: "Compare the chart with the one that this version was released with.",
  });
}

/** Spec of the engine's pod template, as the chart has rendered it; of a group its leader's. Empty where it has rendered none. */
export function podSpecOf(objects: readonly KubernetesObject[]): object {
  // A rendered workload has the API's own shape.
  const spec = workloadOf(objects)?.spec as WorkloadSpec | undefined;
  return (spec?.template ?? spec?.leaderWorkerTemplate?.leaderTemplate)?.spec ?? {};
}

interface WorkloadSpec {
  readonly template?: { readonly spec: object };
  readonly leaderWorkerTemplate?: { readonly leaderTemplate: { readonly spec: object } };
}

/** What the engines of the rendered objects keep compiled kernels by; undefined where the kernels go with the pod. */
export function cacheKeyOf(objects: readonly KubernetesObject[]): string | undefined {
  return workloadOf(objects)?.metadata.annotations?.[cacheKeyAnnotation];
}

function workloadOf(objects: readonly KubernetesObject[]): KubernetesObject | undefined {
  return objects.find(({ kind }) => kind === "Deployment" || kind === "LeaderWorkerSet");
}
