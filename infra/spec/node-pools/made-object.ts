import type { NodePoolConfig } from "../../config/node-pool-config.ts";
import { elasticPools } from "../../config/pool-labels.ts";
import type { KubernetesObject } from "../../core/kubernetes-object.ts";
import type { ObjectKind } from "../../core/pool-node.ts";
import { clusterApiObject } from "./cluster-api.ts";
import { karpenterNodePool } from "./karpenter.ts";

/** The object of the cluster that makes the pool's nodes; undefined where the nodes exist or the cloud makes them. */
export function madeObject(pool: NodePoolConfig): KubernetesObject | undefined {
  switch (pool.provider) {
    case "existing":
    case "alicloud":
      return undefined;
    case "karpenter":
      return karpenterNodePool(pool);
    case "clusterApi":
      return clusterApiObject(pool);
    default:
      return pool satisfies never;
  }
}

/** The kinds of all {@link madeObject}s, each once. */
export function madeKinds(pools: readonly NodePoolConfig[]): readonly ObjectKind[] {
  const objects = elasticPools(pools).flatMap((pool) => madeObject(pool) ?? []);
  const kinds = objects.map(({ apiVersion, kind }) => ({ apiVersion, kind }));
  return [...new Map(kinds.map((one) => [`${one.apiVersion} ${one.kind}`, one])).values()];
}
