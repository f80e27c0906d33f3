import { gpuResource } from "../../core/names.ts";
import type { GrowthInputs } from "../../core/promotion-inputs.ts";
import type { Node } from "../objects.ts";
import { amountsOf } from "./amounts.ts";

/** Pods that find room on nodes which do not exist yet, and come when pods wait for them. */
export function podsOnNewNodes(
  { pools }: Pick<GrowthInputs, "pools">,
  nodes: readonly Node[],
  gpusPerPod: number,
): number {
  if (gpusPerPod === 0) return 0;
  return pools.reduce((sum, { nodeLabels, maxNodes, gpusPerNode }) => {
    // A node that does not offer its GPUs yet is still on its way.
    const present = nodes.filter((node) => carries(node, nodeLabels) && offersGpus(node)).length;
    return sum + Math.max(0, maxNodes - present) * Math.floor(gpusPerNode / gpusPerPod);
  }, 0);
}

function offersGpus({ status }: Node): boolean {
  return (amountsOf(status?.allocatable).get(gpuResource) ?? 0) > 0;
}

function carries(node: Node, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => node.metadata.labels?.[key] === value);
}
