import { elasticPools, memberLabels } from "../../config/pool-labels.ts";
import type { StackConfig } from "../../config/stack-config.ts";
import type { GrowthInputs } from "../../core/promotion-inputs.ts";

/** What a promotion is told of pools that may grow; undefined where none may. */
export function growthInputs({ nodePools }: StackConfig): GrowthInputs | undefined {
  const pools = elasticPools(nodePools);
  if (pools.length === 0) return undefined;
  return {
    pools: pools.map((pool) => ({
      nodeLabels: memberLabels(pool),
      maxNodes: pool.maxNodes,
      gpusPerNode: pool.gpusPerNode,
    })),
    nodeStartSeconds: Math.max(...pools.map((pool) => pool.nodeStartSeconds)),
  };
}
