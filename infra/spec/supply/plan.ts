import type { KubernetesObject } from "../../core/kubernetes-object.ts";
import type { PoolNode } from "../../core/pool-node.ts";
import type { SupplyInputs } from "../../core/promotion-inputs.ts";
import type { PinnedStack } from "../pinned-stack.ts";
import type { Sha256 } from "../promotion-inputs.ts";
import { hydrateJobs } from "./hydrate.ts";
import type { PlannedJob } from "./job.ts";
import { prePullJobs } from "./pre-pull.ts";

/** What brings image and weights to the nodes of the stack. */
export interface SupplyPlan {
  /** The claim for the weights, where the stack makes it. */
  readonly claim?: KubernetesObject;
  /** In the order in which they are started. */
  readonly jobs: readonly PlannedJob[];
}

/**
 * Plans the supply for the nodes of all pools. Nodes that are down or cordoned are left out: their Jobs would wait for
 * ever. Weights come first, because they take longest: whatever is started last should be short. Both kinds run side by
 * side, since one is bound by the hub or the volume and the other by the registry.
 */
export function supplyPlan(config: PinnedStack, nodes: readonly PoolNode[], sha256: Sha256): SupplyPlan {
  const usable = nodes.filter((node) => node.isReady && !node.isUnschedulable).map((node) => node.name);
  const names = [...new Set(usable)].sort();
  const claim = weightsClaim(config);
  return {
    ...(claim === undefined ? {} : { claim }),
    jobs: [...hydrateJobs(config, names, sha256), ...prePullJobs(config, names, sha256)],
  };
}

/** What the promotion is told of the plan; undefined where nothing is brought. */
export function supplyInputs({ supply }: PinnedStack, plan: SupplyPlan): SupplyInputs | undefined {
  if (plan.jobs.length === 0) return undefined;
  const { parallelism, deadlineSeconds } = supply;
  return { jobs: plan.jobs.map(({ job }) => job), parallelism, deadlineSeconds };
}

function weightsClaim({ model, namespace }: PinnedStack): KubernetesObject | undefined {
  const { volume } = model;
  if (volume?.kind !== "pvc" || volume.create === undefined) return undefined;
  const { accessMode, size, storageClass } = volume.create;
  const labels = { "app.kubernetes.io/managed-by": "keye-stack", "app.kubernetes.io/part-of": "keye-stack" };
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: volume.claim, namespace, labels },
    spec: {
      accessModes: [accessMode],
      resources: { requests: { storage: size } },
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    },
  };
}
