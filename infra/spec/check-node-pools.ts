import type { ExistingPoolConfig, NodePoolConfig } from "../config/node-pool-config.ts";
import { elasticPools, selectorOf } from "../config/pool-labels.ts";
import { gpusPerPod, groupKinds } from "../config/replica-pods.ts";
import type { StackConfig } from "../config/stack-config.ts";
import { DeployError } from "../core/errors.ts";
import type { InspectNodesResult, PoolNode } from "../core/pool-node.ts";
import { parseQuantity } from "../core/quantity.ts";
import { isUsable, memoryOf, nodeProblems } from "./node-pools/check-node.ts";
import { madeObject } from "./node-pools/made-object.ts";

interface FoundPool {
  readonly pool: NodePoolConfig;
  readonly nodes: readonly PoolNode[];
}

/**
 * What the cluster lacks for the settings, one sentence a problem; empty where all is well. Each sentence starts with the
 * pool and names what was found and what was wanted. A pool that may grow is no problem while it is small.
 */
export function checkNodePools(config: StackConfig, found: InspectNodesResult): readonly string[] {
  const pools = foundPools(config, found);
  return [
    ...pools.flatMap(({ pool, nodes }) => [
      ...kindProblems(pool, found),
      ...(pool.provider === "existing" ? countProblems(pool, nodes) : []),
      ...nodes.flatMap((node) => nodeProblems(config, pool, node)),
    ]),
    ...groupProblems(config, found),
    ...sharedNodes(pools),
    ...capacityProblems(config, pools),
  ];
}

/** Which pools have no node yet, and how many may come: no problem, but worth knowing. */
export function poolNotes(config: StackConfig, found: InspectNodesResult): readonly string[] {
  const pools = foundPools(config, found);
  return elasticPools(config.nodePools)
    .filter((pool) => pools.some((one) => one.pool === pool && one.nodes.length === 0))
    .map(({ name, maxNodes }) => `${name}: no node yet; up to ${maxNodes} may come once pods wait for them.`);
}

/** What may go wrong though the settings can be carried out. */
export function poolWarnings({ nodePools, replicas, engine }: StackConfig): readonly string[] {
  const names = nodePools.map((pool) => pool.name).join(", ");
  const isLost = replicas === 1 && nodePools.every((pool) => pool.spot);
  const isSpread = engine.nodesPerReplica > 1 && nodePools.every((pool) => pool.gpusPerNode >= engine.tpSize);
  return [
    ...(isLost
      ? [
          `${names}: the cloud may take back every node (spot), and replicas is 1: nothing serves then until another node has loaded the model.`,
        ]
      : []),
    ...(isSpread
      ? [
          `${names}: a node holds a whole replica of ${engine.tpSize} GPUs, and engine.nodesPerReplica ${engine.nodesPerReplica} spreads it: each token then crosses the network, and a replica is lost with any of its nodes.`,
        ]
      : []),
  ];
}

/** On how many nodes the stack's pods may be: those that are there, and those that may come. */
export function mostNodes(config: StackConfig, found: InspectNodesResult): number {
  return foundPools(config, found).reduce(
    (sum, { pool, nodes }) => sum + Math.max(nodes.length, pool.provider === "existing" ? 0 : pool.maxNodes),
    0,
  );
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

function foundPools({ nodePools }: StackConfig, found: InspectNodesResult): readonly FoundPool[] {
  return nodePools.map((pool) => ({ pool, nodes: found.pools.find((one) => one.name === pool.name)?.nodes ?? [] }));
}

const installed = {
  existing: "",
  karpenter: "Karpenter 1.0 or later",
  clusterApi: "Cluster API 1.11 or later",
  alicloud: "",
};

function kindProblems(pool: NodePoolConfig, { missingKinds = [] }: InspectNodesResult): string[] {
  const object = madeObject(pool);
  if (object === undefined) return [];
  const { apiVersion, kind } = object;
  if (missingKinds.every((one) => one.apiVersion !== apiVersion || one.kind !== kind)) return [];
  return [
    `${pool.name}: the cluster has no ${apiVersion} ${kind}: install ${installed[pool.provider]}, or use provider existing.`,
  ];
}

function groupProblems({ engine }: StackConfig, { missingKinds = [] }: InspectNodesResult): string[] {
  return groupKinds(engine)
    .filter(({ apiVersion, kind }) => missingKinds.some((one) => one.apiVersion === apiVersion && one.kind === kind))
    .map(
      ({ apiVersion, kind }) =>
        `engine.nodesPerReplica: ${engine.nodesPerReplica} makes groups of pods, and the cluster has no ${apiVersion} ${kind}: install the LeaderWorkerSet controller (helm install lws oci://registry.k8s.io/lws/charts/lws --version 0.8.0 --namespace lws-system --create-namespace), or set it to 1.`,
    );
}

function countProblems(pool: ExistingPoolConfig, nodes: readonly PoolNode[]): string[] {
  const usable = nodes.filter(isUsable);
  if (usable.length >= pool.minNodes) return [];
  const selector = Object.entries(selectorOf(pool))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const unusable = nodes
    .filter((node) => !isUsable(node))
    .map((node) => `${node.name} is ${node.isReady ? "cordoned" : "not Ready"}`);
  const found = nodes.length === 0 ? "no node has" : `${usable.length} of ${nodes.length} nodes are usable that have`;
  const why = unusable.length === 0 ? "" : ` (${unusable.join(", ")})`;
  return [`${pool.name}: ${found} ${selector}${why}, minNodes is ${pool.minNodes}.`];
}

function sharedNodes(pools: readonly FoundPool[]): string[] {
  const poolsOf = new Map<string, string[]>();
  for (const { pool, nodes } of pools) {
    for (const node of nodes) poolsOf.set(node.name, [...(poolsOf.get(node.name) ?? []), pool.name]);
  }
  return [...poolsOf]
    .filter(([, names]) => names.length > 1)
    .map(([node, names]) => `${names.join(" and ")}: both select node ${node}; a node belongs to one pool.`);
}

function capacityProblems(config: StackConfig, pools: readonly FoundPool[]): string[] {
  const { tpSize, nodesPerReplica, resources } = config.engine;
  const usable = pools.flatMap(({ nodes }) => nodes.filter(isUsable));
  const pods = usable.reduce((sum, node) => sum + podsOn(config, node.allocatableGpus, node.allocatableMemory), 0);
  const coming = pools.map((one) => comingPods(config, one));
  const nodes = coming.reduce((sum, one) => sum + one.nodes, 0);
  const more = coming.reduce((sum, one) => sum + one.pods, 0);
  const replicasOf = (count: number) => Math.floor(count / nodesPerReplica);
  if (usable.length + nodes === 0 || replicasOf(pods + more) >= config.replicas) return [];
  const growth = nodes === 0 ? "" : `, and ${nodes} that may come hold ${replicasOf(more)}`;
  const each = nodesPerReplica === 1 ? "" : ` over ${nodesPerReplica} nodes`;
  return [
    `${config.nodePools.map((pool) => pool.name).join(", ")}: ${config.replicas} replicas of ${tpSize} GPUs${each} and ${resources.memory} of memory${nodesPerReplica === 1 ? "" : " a pod"} are wanted, ${usable.length} usable nodes hold ${replicasOf(pods)} even when empty${growth}.`,
  ];
}

function comingPods(config: StackConfig, { pool, nodes }: FoundPool): { nodes: number; pods: number } {
  if (pool.provider === "existing") return { nodes: 0, pods: 0 };
  // A node that does not offer its GPUs yet is still on its way.
  const coming = Math.max(0, pool.maxNodes - nodes.filter((node) => node.allocatableGpus > 0).length);
  const memory = pool.provider === "clusterApi" ? (parseQuantity(pool.capacity.memory) ?? 0) : Number.POSITIVE_INFINITY;
  return { nodes: coming, pods: coming * podsOn(config, pool.gpusPerNode, memory) };
}

function podsOn(config: StackConfig, gpus: number, memory: number): number {
  return Math.min(Math.floor(gpus / gpusPerPod(config.engine)), Math.floor(memory / memoryOf(config)));
}
