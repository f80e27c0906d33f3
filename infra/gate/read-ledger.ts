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

/** The room for the candidate's pods, as it is now. */
export async function readHeadroom(
  run: PromotionRun,
  { candidate, roleOf }: { readonly candidate: PodSpec; readonly roleOf: (pod: Pod) => PodRole },
  signal: AbortSignal,
): Promise<Headroom> {
  const { cluster } = run.ports;
  const [{ nodes, pods }, limits] = await Promise.all([
    cluster.capacity(signal),
    cluster.limits(run.ref.namespace, signal),
  ]);
  const { replicas, growth } = run.inputs;
  return new Headroom({
    nodes,
    pods,
    limits,
    candidate,
    replicas,
    roleOf,
    ...(growth === undefined ? {} : { growth }),
  });
}
