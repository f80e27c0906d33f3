import type { PoolNode } from "../../infra/core/pool-node.ts";

/** Labels that GPU feature discovery puts on a node with H800 GPUs. */
export const h800Labels = {
  "nvidia.com/gpu.product": "NVIDIA-H800",
  "nvidia.com/gpu.family": "hopper",
  "nvidia.com/gpu.compute.major": "9",
  "nvidia.com/gpu.compute.minor": "0",
  "nvidia.com/gpu.memory": "81559",
  "nvidia.com/gpu.count": "8",
} as const;

/** A ready H800 node with 8 GPUs and 2 TiB of memory, with `fields` in place of its own. */
export function poolNode(fields: Partial<PoolNode> = {}): PoolNode {
  return {
    name: "h800-0",
    labels: h800Labels,
    taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }],
    allocatableGpus: 8,
    allocatableMemory: 2 * 2 ** 40,
    isReady: true,
    isUnschedulable: false,
    ...fields,
  };
}
