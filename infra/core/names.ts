/** Label that carries the revision a pod, Deployment or ConfigMap belongs to: 10 hex digits, or {@link noRevision}. */
export const revisionLabel = "keye-stack.dev/revision";

/** Label of the pods that serve while a canary replaces one revision by another: `<from>.<to>`. */
export const rampLabel = "keye-stack.dev/ramp";

/**
 * Label of the pods of a group that do not lead it: their revision. They never carry {@link revisionLabel}, so that no Service
 * ever finds them.
 */
export const workerLabel = "keye-stack.dev/worker-of";

/** Selector value of a live Service that serves nothing yet. */
export const noRevision = "none";

/** Label on every object of one app: the value of `stack.name`. */
export const appLabel = "app.kubernetes.io/instance";

/** Label on nodes that a node pool has adopted: the pool's name. */
export const poolLabel = "keye-stack.dev/pool";

/** Annotation of a revision's Deployment: the key that its compiled kernels are kept by. Absent where they go with the pod. */
export const cacheKeyAnnotation = "keye-stack.dev/cache-key";

/** Label on the evidence ConfigMaps that a promotion writes: `pass`, `fail` or `inconclusive`. */
export const verdictLabel = "keye-stack.dev/verdict";

/** Label on evidence of a pass: the key of the cache of compiled kernels that the revision has filled. */
export const cacheKeyLabel = "keye-stack.dev/cache-key";

/** Name of the engine container in the engine's pod. */
export const engineContainer = "engine";

/** Label on Jobs that bring weights and images, and on their pods: the app's name. They never carry {@link appLabel}. */
export const supplyLabel = "keye-stack.dev/supply";

/** Name of the only container in the pod of such a Job. */
export const supplyContainer = "supply";

/** Label on the Job of a watchdog, and on its pods: the app's name. They never carry {@link appLabel}. */
export const watchdogLabel = "keye-stack.dev/watchdog";

/** The extended resource that the NVIDIA device plugin advertises. */
export const gpuResource = "nvidia.com/gpu";

/** Node label by which GPU feature discovery names a node's GPUs, such as `NVIDIA-H800`. */
export const gpuProductLabel = "nvidia.com/gpu.product";

/** Name of the workload and ConfigMap of one revision: `<app>-<revision>`. */
export function revisionName(app: string, revision: string): string {
  return `${app}-${revision}`;
}

/** Name of the Service that selects the candidate revision, for Jobs and people. */
export function candidateServiceName(app: string): string {
  return `${app}-candidate`;
}

/** Name of a watchdog's ServiceAccount, and first part of its Job's name. */
export function watchdogName(app: string): string {
  return `${app}-watchdog`;
}

/** Name of the Lease that makes one promotion the only writer. */
export function leaseName(app: string): string {
  return `rollgate-${app}`;
}

/** Name of the ConfigMap that keeps what the promoted revision said to the golden prompts. */
export function baselineName(app: string): string {
  return `rollgate-${app}-baseline`;
}

/** Name of the ConfigMap that keeps the evidence of one verdict. */
export function evidenceName(app: string, revision: string, probeHash: string): string {
  return `rollgate-${app}-${revision}-${probeHash}`;
}
