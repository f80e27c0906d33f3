import type { NodePoolConfig } from "../../config/node-pool-config.ts";
import { gpusPerPod } from "../../config/replica-pods.ts";
import type { StackConfig } from "../../config/stack-config.ts";
import type { PoolNode } from "../../core/pool-node.ts";
import { parseQuantity } from "../../core/quantity.ts";

/** MiB of GPU memory that an unlisted Hopper GPU must have to stand in for an H800: 80 GB less what the driver keeps. */
const minGpuMemoryMiB = 80_000;

/** Whether the scheduler puts pods there. */
export function isUsable(node: PoolNode): boolean {
  return node.isReady && !node.isUnschedulable;
}

/** Memory of one engine pod. */
export function memoryOf(config: StackConfig): number {
  // The settings' parser has read it as a quantity already.
  return parseQuantity(config.engine.resources.memory) ?? 0;
}

/** What one node of a pool lacks, one sentence a problem. */
export function nodeProblems(config: StackConfig, pool: NodePoolConfig, node: PoolNode): readonly string[] {
  if (pool.provider !== "existing" && isComing(node)) return [];
  const where = `${pool.name}: node ${node.name}`;
  const problems = [...gpuProblems(where, pool, node), ...topologyProblems(where, pool, node)];
  // A node that is down advertises nothing: that is told by the count of usable nodes.
  if (!isUsable(node)) return problems;
  const { tpSize, nodesPerReplica, resources } = config.engine;
  if (node.allocatableGpus !== pool.gpusPerNode) {
    const over = nodesPerReplica === 1 ? "" : ` over ${nodesPerReplica} nodes`;
    const tooFew = node.allocatableGpus < gpusPerPod(config.engine) ? `, too few for tpSize ${tpSize}${over}` : "";
    problems.push(
      `${where} offers ${node.allocatableGpus} GPUs (nvidia.com/gpu allocatable), gpusPerNode is ${pool.gpusPerNode}${tooFew}.`,
    );
  }
  if (node.allocatableMemory < memoryOf(config)) {
    problems.push(
      `${where} offers ${gibibytes(node.allocatableMemory)} of memory, engine.resources.memory is ${resources.memory}.`,
    );
  }
  return [...problems, ...rdmaProblems(where, pool, node)];
}

/** A node that was made just now: its devices and their labels appear minutes after itself. */
function isComing(node: PoolNode): boolean {
  return node.allocatableGpus === 0 && node.labels["nvidia.com/gpu.product"] === undefined;
}

function gpuProblems(where: string, pool: NodePoolConfig, node: PoolNode): string[] {
  const product = node.labels["nvidia.com/gpu.product"];
  if (product === undefined) {
    return [`${where} has no label nvidia.com/gpu.product: GPU feature discovery does not run there.`];
  }
  if (pool.gpuProducts.includes(product) || isLikeH800(node)) return [];
  const [family = "?", major = "?", minor = "?", memory = "?"] = [
    "family",
    "compute.major",
    "compute.minor",
    "memory",
  ].map((name) => node.labels[`nvidia.com/gpu.${name}`]);
  return [
    `${where} has GPU ${product} (family ${family}, compute ${major}.${minor}, ${memory} MiB); wanted one of ${pool.gpuProducts.join(", ")}, or family hopper, compute 9.0 and at least ${minGpuMemoryMiB} MiB.`,
  ];
}

/** Whether a GPU under another name runs Keye's sparse attention (Hopper only) and holds the model as an H800 does. */
function isLikeH800(node: PoolNode): boolean {
  const label = (name: string) => node.labels[`nvidia.com/gpu.${name}`];
  return (
    label("family") === "hopper" &&
    label("compute.major") === "9" &&
    label("compute.minor") === "0" &&
    Number(label("memory") ?? 0) >= minGpuMemoryMiB
  );
}

function topologyProblems(where: string, { topology }: NodePoolConfig, { labels }: PoolNode): string[] {
  if (topology === undefined) return [];
  const { label, values } = topology;
  const found = labels[label];
  if (found !== undefined && values.includes(found)) return [];
  const got = found === undefined ? `has no label ${label}` : `has ${label}=${found}`;
  return [`${where} ${got}; wanted ${values.join(" or ")}, which is topology.values.`];
}

function rdmaProblems(where: string, { rdma }: NodePoolConfig, { allocatableRdma = 0 }: PoolNode): string[] {
  if (rdma === undefined || allocatableRdma >= rdma.perNode) return [];
  return [`${where} offers ${allocatableRdma} of ${rdma.resource}, rdma.perNode is ${rdma.perNode}.`];
}

function gibibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 30)}Gi`;
}
