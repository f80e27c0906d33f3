import type { ObjectKind } from "../core/pool-node.ts";
import type { EngineConfig } from "./stack-config.ts";

/** GPUs that each pod of a replica asks for. */
export function gpusPerPod({ tpSize, nodesPerReplica }: Pick<EngineConfig, "tpSize" | "nodesPerReplica">): number {
  return tpSize / nodesPerReplica;
}

/** The kind that keeps groups of pods running, where a replica is one. */
export function groupKinds({ nodesPerReplica }: EngineConfig): readonly ObjectKind[] {
  return nodesPerReplica === 1 ? [] : [{ apiVersion: "leaderworkerset.x-k8s.io/v1", kind: "LeaderWorkerSet" }];
}
