import type { ExistingPoolConfig, NodePoolConfig } from "../../config/node-pool-config.ts";
import { memberLabels } from "../../config/pool-labels.ts";
import { DeployError } from "../../core/errors.ts";
import type { Node } from "../../status/objects.ts";

/** By it the copy finds the nodes of a pool that makes its own: settings may not ask for the stack's labels. */
const madeLabel = "rehearsal.keye-stack.dev/pool";

/** Pools and nodes of which nothing is still to come. */
export interface StandingPools {
  readonly pools: readonly ExistingPoolConfig[];
  readonly nodes: readonly Node[];
}

/**
 * The pools as those of the nodes that they have now. One that may grow and has none is left out; throws `E_CAPACITY` where
 * nothing is left.
 */
export function standingPools(pools: readonly NodePoolConfig[], nodes: readonly Node[]): StandingPools {
  const standing = pools.filter((pool) => pool.provider === "existing" || nodes.some((node) => isMember(node, pool)));
  if (standing.length === 0) {
    throw new DeployError({
      code: "E_CAPACITY",
      where: "nodePools",
      message: `No node of ${pools.map(({ name }) => name).join(", ")} is there yet, and nodes to come are not rehearsed.`,
      hint: "Rehearse once the pool has nodes; pulumi preview counts on those that may come.",
    });
  }
  const made = standing.filter(({ provider }) => provider !== "existing");
  return { pools: standing.map(existingPool), nodes: nodes.map((node) => marked(node, made)) };
}

function isMember({ metadata: { labels = {} } }: Node, pool: NodePoolConfig): boolean {
  return Object.entries(memberLabels(pool)).every(([key, value]) => labels[key] === value);
}

function marked(node: Node, made: readonly NodePoolConfig[]): Node {
  const pool = made.find((one) => isMember(node, one));
  if (pool === undefined) return node;
  return { ...node, metadata: { ...node.metadata, labels: { ...node.metadata.labels, [madeLabel]: pool.name } } };
}

function existingPool(pool: NodePoolConfig): ExistingPoolConfig {
  if (pool.provider === "existing") return pool;
  const { name, gpuProducts, gpusPerNode, labels, taints, spot, rdma, topology } = pool;
  return {
    provider: "existing",
    ...{ name, gpuProducts, gpusPerNode, labels, taints, spot },
    ...(rdma === undefined ? {} : { rdma }),
    ...(topology === undefined ? {} : { topology }),
    selector: { [madeLabel]: name },
    minNodes: 1,
  };
}
