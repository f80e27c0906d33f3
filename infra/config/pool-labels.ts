import { poolLabel } from "../core/names.ts";
import type { ExistingPoolConfig, NodePoolConfig } from "./node-pool-config.ts";

/** A pool whose nodes come when pods wait for them. */
export type ElasticPoolConfig = Exclude<NodePoolConfig, ExistingPoolConfig>;

/** The pools of a stack that may grow. */
export function elasticPools(pools: readonly NodePoolConfig[]): readonly ElasticPoolConfig[] {
  return pools.filter((pool) => pool.provider !== "existing");
}

/**
 * The label that tells the nodes of a pool from all others; its value is the pool's name. Nodes of Cluster API have another
 * key, of a domain that its machines hand on to their nodes: any other would have to be allowed at the manager.
 * @see sigs.k8s.io/cluster-api v1.14, util/labels/helpers.go, GetManagedLabels
 */
export function poolLabelOf(pool: NodePoolConfig): string {
  return pool.provider === "clusterApi" ? "keye-stack.node.cluster.x-k8s.io/pool" : poolLabel;
}

/** Labels that every node of the pool carries once it belongs to it. */
export function memberLabels(pool: NodePoolConfig): Readonly<Record<string, string>> {
  return { [poolLabelOf(pool)]: pool.name };
}

/** Labels by which the pool's nodes are found. */
export function selectorOf(pool: NodePoolConfig): Readonly<Record<string, string>> {
  return pool.provider === "existing" ? pool.selector : memberLabels(pool);
}
