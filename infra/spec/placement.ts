import { memberLabels, poolLabelOf } from "../config/pool-labels.ts";
import type { StackConfig } from "../config/stack-config.ts";

/** The fields of a pod's spec that keep it on the nodes of the pools. */
export interface Placement {
  readonly tolerations: readonly object[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Only where one label cannot say it. */
  readonly affinity?: object;
}

/**
 * Where the stack's pods may run: on the nodes of the pools alone. Their taints are tolerated beside that of the GPUs.
 */
export function placementOf(config: StackConfig): Placement {
  const keys = [...new Set(config.nodePools.map(poolLabelOf))];
  const inOneOfThem = keys.map((key) => {
    const values = config.nodePools.filter((pool) => poolLabelOf(pool) === key).map((pool) => pool.name);
    return { matchExpressions: [{ key, operator: "In", values }] };
  });
  return {
    tolerations: poolTolerations(config),
    nodeSelector: engineNodeSelector(config),
    ...(config.nodePools.length === 1
      ? {}
      : {
          affinity: {
            nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: inOneOfThem } },
          },
        }),
  };
}

/** What pods of the stack must tolerate to run on the nodes of the pools. */
export function poolTolerations(config: StackConfig): readonly object[] {
  const gpuToleration = { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" };
  const ofPools = config.nodePools
    .flatMap((pool) => pool.taints)
    .map(({ key, value, effect }) =>
      value === undefined ? { key, operator: "Exists", effect } : { key, operator: "Equal", value, effect },
    );
  return [gpuToleration, ...ofPools];
}

/** Node labels that every engine pod requires. Empty with several pools: being in one of them is no single label. */
export function engineNodeSelector(config: StackConfig): Readonly<Record<string, string>> {
  const [pool, ...others] = config.nodePools;
  return pool === undefined || others.length > 0 ? {} : memberLabels(pool);
}
