import type { AlicloudPoolConfig } from "../../config/node-pool-config.ts";
import { memberLabels } from "../../config/pool-labels.ts";

/** Pulumi's type of an ACK node pool. */
export const alicloudNodePoolType = "alicloud:cs/nodePool:NodePool";

/** The plugin that makes it. Only a stack with such a pool has it fetched. */
export const alicloudPluginVersion = "3.108.0";

/** What an ACK node pool is asked for: the part of the resource's inputs that is used here. */
export interface AlicloudNodePoolInputs {
  readonly clusterId: string;
  readonly nodePoolName: string;
  readonly vswitchIds: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly systemDiskCategory: string;
  /** GiB. */
  readonly systemDiskSize: number;
  readonly imageType?: string;
  readonly keyName?: string;
  readonly labels: readonly { readonly key: string; readonly value: string }[];
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** Absent where the pool is scaled: two writers of one number would undo each other. */
  readonly desiredSize?: string;
  readonly scalingConfig: {
    readonly enable: boolean;
    readonly minSize?: number;
    readonly maxSize?: number;
    readonly type?: string;
  };
  readonly spotStrategy: "NoSpot" | "SpotAsPriceGo";
  readonly management: { readonly enable: boolean };
}

/**
 * The pool as Alibaba Cloud's ACK node pool. It is scaled between its sizes, or has one fixed size where they are the same.
 * ACK's own management stays off: it repairs and upgrades nodes on which engines serve.
 * @see npm `@pulumi/alicloud` 3.108.0, cs/nodePool.d.ts
 */
export function alicloudNodePool(pool: AlicloudPoolConfig): AlicloudNodePoolInputs {
  const { minNodes, maxNodes, systemDisk, imageType, keyName } = pool;
  const labels = { ...pool.labels, ...memberLabels(pool) };
  const isFixed = minNodes === maxNodes;
  return {
    clusterId: pool.clusterId,
    nodePoolName: pool.name,
    vswitchIds: pool.vswitchIds,
    instanceTypes: pool.instanceTypes,
    systemDiskCategory: systemDisk.category,
    systemDiskSize: systemDisk.sizeGiB,
    ...(imageType === undefined ? {} : { imageType }),
    ...(keyName === undefined ? {} : { keyName }),
    labels: Object.entries(labels).map(([key, value]) => ({ key, value })),
    taints: pool.taints,
    ...(isFixed ? { desiredSize: String(maxNodes) } : {}),
    scalingConfig: isFixed
      ? { enable: false }
      : { enable: true, minSize: minNodes, maxSize: maxNodes, type: pool.spot ? "spot" : "gpu" },
    spotStrategy: pool.spot ? "SpotAsPriceGo" : "NoSpot",
    management: { enable: false },
  };
}
