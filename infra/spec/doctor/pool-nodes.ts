import type { NodePoolConfig } from "../../config/node-pool-config.ts";
import { selectorOf } from "../../config/pool-labels.ts";
import type { DoctorNode } from "../../core/doctor-facts.ts";
import { gpuResource } from "../../core/names.ts";
import type { InspectNodesResult, PoolNode } from "../../core/pool-node.ts";
import type { Patient } from "./finding.ts";

/** A node that a pool's selector finds. */
export interface FoundNode {
  readonly pool: NodePoolConfig;
  readonly node: DoctorNode;
}

/** The nodes of all pools, those of one pool by name; none where nodes may not be read. */
export function poolNodes({ config, facts }: Patient): readonly FoundNode[] {
  const nodes = facts.nodes.kind === "seen" ? facts.nodes.value : [];
  return config.nodePools.flatMap((pool) => {
    const selector = Object.entries(selectorOf(pool));
    return nodes
      .filter(({ labels }) => selector.every(([key, value]) => labels[key] === value))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((node) => ({ pool, node }));
  });
}

/** The same as a preview gets it from the plugin. */
export function inspected(patient: Patient): InspectNodesResult {
  const found = poolNodes(patient);
  const { missingKinds, serverVersion } = patient.facts;
  return {
    // Binds providers to one cluster; no check reads it.
    clusterUid: "",
    serverVersion,
    missingKinds,
    pools: patient.config.nodePools.map((pool) => ({
      name: pool.name,
      nodes: found.filter((one) => one.pool === pool).map(({ node }) => poolNode(pool, node)),
    })),
  };
}

function poolNode({ rdma }: NodePoolConfig, node: DoctorNode): PoolNode {
  const { name, labels, taints, allocatable, isReady, isUnschedulable } = node;
  return {
    name,
    labels,
    taints,
    allocatableGpus: allocatable[gpuResource] ?? 0,
    allocatableMemory: allocatable.memory ?? 0,
    ...(rdma === undefined ? {} : { allocatableRdma: allocatable[rdma.resource] ?? 0 }),
    isReady,
    isUnschedulable,
  };
}

/** Whether the scheduler puts pods there. */
export function isUsable({ isReady, isUnschedulable }: DoctorNode): boolean {
  return isReady && !isUnschedulable;
}
