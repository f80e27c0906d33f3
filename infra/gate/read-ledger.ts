import { type GpuLedger, gpuLedger } from "../status/gpu-ledger.ts";
import { Headroom } from "../status/headroom/headroom.ts";
import type { PodRole } from "../status/headroom/roles.ts";
import type { Pod, PodSpec } from "../status/objects.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** The GPUs of the nodes that the engine may run on, as they are now. */
export async function readLedger(run: PromotionRun, signal: AbortSignal): Promise<GpuLedger> {
  const { nodes, pods } = await run.ports.cluster.capacity(signal);
  return gpuLedger({ nodes, pods, nodeSelector: run.inputs.nodeSelector });
}

/** Replicas for which room is sought. */
export interface RoomFor {
  readonly candidate: PodSpec;
  /** Pods that one replica is. @default 1 */
  readonly podsPerReplica?: number;
  /** @default what the promotion asks for */
  readonly replicas?: number;
  readonly roleOf: (pod: Pod) => PodRole;
}

/** The room for replicas, as it is now. */
export async function readHeadroom(
  run: PromotionRun,
  { candidate, podsPerReplica = 1, replicas = run.inputs.replicas, roleOf }: RoomFor,
  signal: AbortSignal,
): Promise<Headroom> {
  const { cluster } = run.ports;
  const [{ nodes, pods }, limits] = await Promise.all([
    cluster.capacity(signal),
    cluster.limits(run.ref.namespace, signal),
  ]);
  const { growth } = run.inputs;
  return new Headroom({
    nodes,
    pods,
    limits,
    candidate,
    replicas,
    podsPerReplica,
    roleOf,
    ...(growth === undefined ? {} : { growth }),
  });
}
