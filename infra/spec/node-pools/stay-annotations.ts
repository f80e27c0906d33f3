import type { NodePoolConfig } from "../../config/node-pool-config.ts";

/**
 * Annotations that keep a pod where it is: without them Karpenter would drain its node when the pool's settings drift, and
 * the cluster autoscaler, ACK's too, any node whose GPUs are less than half in use.
 */
export function stayAnnotations(pools: readonly NodePoolConfig[]): Readonly<Record<string, string>> {
  return {
    ...(pools.some((pool) => pool.provider === "karpenter") ? { "karpenter.sh/do-not-disrupt": "true" } : {}),
    ...(pools.some((pool) => pool.provider === "clusterApi" || pool.provider === "alicloud")
      ? { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" }
      : {}),
  };
}
