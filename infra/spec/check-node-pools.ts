import type { NodePoolConfig, StackConfig } from "../config/stack-config.ts";
import { DeployError } from "../core/errors.ts";
import type { InspectNodesResult, PoolNode } from "../core/pool-node.ts";
import { parseQuantity } from "../core/quantity.ts";

/** MiB of GPU memory that an unlisted Hopper GPU must have to stand in for an H800: 80 GB less what the driver keeps. */
const minGpuMemoryMiB = 80_000;

/**
 * What the cluster's nodes lack for the settings, one sentence a problem; empty where all is well. Each sentence starts
 * with the pool and names what was found and what was wanted.
 */
export function checkNodePools(config: StackConfig, found: InspectNodesResult): readonly string[] {
  const pools = config.nodePools.map((pool) => ({
    pool,
    nodes: found.pools.find((one) => one.name === pool.name)?.nodes ?? [],
  }));
  const usable = pools.flatMap(({ nodes }) => nodes.filter(isUsable));
  return [
    ...pools.flatMap(({ pool, nodes }) => [
      ...countProblems(pool, nodes),
      ...nodes.flatMap((node) => nodeProblems(config, pool, node)),
    ]),
    ...sharedNodes(pools),
    ...capacityProblems(config, usable),
  ];
}

/** The one error for all problems of {@link checkNodePools}: `POOL_MISMATCH`. */
export function poolError(problems: readonly string[]): DeployError {
  const [first = "", ...others] = problems;
  const list = [`${problems.length} problems:`, ...problems.map((one) => `  - ${one}`), ""].join("\n");
  return new DeployError({
    code: "POOL_MISMATCH",
    where: "nodePools",
    message: `${others.length === 0 ? `${first} ` : list}${advice}`,
  });
}

const advice =
  "Nothing was created. See the nodes: kubectl get nodes -L nvidia.com/gpu.product,nvidia.com/gpu.count,keye-stack.dev/pool";

function isUsable(node: PoolNode): boolean {
  return node.isReady && !node.isUnschedulable;
}

function countProblems(pool: NodePoolConfig, nodes: readonly PoolNode[]): string[] {
  const usable = nodes.filter(isUsable);
  if (usable.length >= pool.minNodes) return [];
  const selector = Object.entries(pool.selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const unusable = nodes
    .filter((node) => !isUsable(node))
    .map((node) => `${node.name} is ${node.isReady ? "cordoned" : "not Ready"}`);
  const found = nodes.length === 0 ? "no node has" : `${usable.length} of ${nodes.length} nodes are usable that have`;
  const why = unusable.length === 0 ? "" : ` (${unusable.join(", ")})`;
  return [`${pool.name}: ${found} ${selector}${why}, minNodes is ${pool.minNodes}.`];
}

function nodeProblems(config: StackConfig, pool: NodePoolConfig, node: PoolNode): string[] {
  const where = `${pool.name}: node ${node.name}`;
  const problems = gpuProblems(where, pool, node);
  // A node that is down advertises nothing: that is told by the count of usable nodes.
  if (!isUsable(node)) return problems;
  const { tpSize, resources } = config.engine;
  if (node.allocatableGpus !== pool.gpusPerNode) {
    const tooFew = node.allocatableGpus < tpSize ? `, too few for tpSize ${tpSize}` : "";
    problems.push(
      `${where} offers ${node.allocatableGpus} GPUs (nvidia.com/gpu allocatable), gpusPerNode is ${pool.gpusPerNode}${tooFew}.`,
    );
  }
  if (node.allocatableMemory < memoryOf(config)) {
    problems.push(
      `${where} offers ${gibibytes(node.allocatableMemory)} of memory, engine.resources.memory is ${resources.memory}.`,
    );
  }
  return problems;
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

function sharedNodes(
  pools: readonly { readonly pool: NodePoolConfig; readonly nodes: readonly PoolNode[] }[],
): string[] {
  const poolsOf = new Map<string, string[]>();
  for (const { pool, nodes } of pools) {
    for (const node of nodes) poolsOf.set(node.name, [...(poolsOf.get(node.name) ?? []), pool.name]);
  }
  return [...poolsOf]
    .filter(([, names]) => names.length > 1)
    .map(([node, names]) => `${names.join(" and ")}: both select node ${node}; a node belongs to one pool.`);
}

function capacityProblems(config: StackConfig, usable: readonly PoolNode[]): string[] {
  const { tpSize, resources } = config.engine;
  const room = usable.reduce(
    (sum, node) =>
      sum + Math.min(Math.floor(node.allocatableGpus / tpSize), Math.floor(node.allocatableMemory / memoryOf(config))),
    0,
  );
  if (usable.length === 0 || room >= config.replicas) return [];
  return [
    `${config.nodePools.map((pool) => pool.name).join(", ")}: ${config.replicas} replicas of ${tpSize} GPUs and ${resources.memory} of memory are wanted, ${usable.length} usable nodes hold ${room} even when empty.`,
  ];
}

function memoryOf(config: StackConfig): number {
  // The settings' parser has read it as a quantity already.
  return parseQuantity(config.engine.resources.memory) ?? 0;
}

function gibibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 30)}Gi`;
}
