import { gpuResource } from "../core/names.ts";
import { parseQuantity } from "../core/quantity.ts";
import type { Fault } from "../status/fault.ts";
import type { Node } from "../status/objects.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** Replicas that find room on nodes which do not exist yet, and come when pods wait for them. */
export async function replicasToCome({ inputs, ports }: PromotionRun, signal: AbortSignal): Promise<number> {
  const pools = inputs.growth?.pools ?? [];
  if (pools.length === 0 || inputs.gpusPerReplica === 0) return 0;
  const { nodes } = await ports.cluster.capacity(signal);
  return pools.reduce((sum, { nodeLabels, maxNodes, gpusPerNode }) => {
    // A node that does not offer its GPUs yet is still on its way.
    const present = nodes.filter((node) => carries(node, nodeLabels) && gpusOf(node) > 0).length;
    return sum + Math.max(0, maxNodes - present) * Math.floor(gpusPerNode / inputs.gpusPerReplica);
  }, 0);
}

/** A pod that no node takes is given the time that a new node needs. Other faults are left as they are. */
export function awaitingNodes({ inputs }: PromotionRun, fault: Fault): Fault {
  if (inputs.growth === undefined || fault.code !== "E_UNSCHEDULABLE") return fault;
  return { ...fault, verdictAfterSeconds: Math.max(fault.verdictAfterSeconds, inputs.growth.nodeStartSeconds) };
}

function gpusOf({ status }: Node): number {
  return parseQuantity(status?.allocatable?.[gpuResource] ?? "0") ?? 0;
}

function carries(node: Node, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => node.metadata.labels?.[key] === value);
}
