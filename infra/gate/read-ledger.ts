import { type GpuLedger, gpuLedger } from "../status/gpu-ledger.ts";
import type { Pod } from "../status/objects.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** The GPUs of the nodes that the engine may run on, as they are now. Pods that `without` accepts count as gone. */
export async function readLedger(
  run: PromotionRun,
  signal: AbortSignal,
  without: (pod: Pod) => boolean = () => false,
): Promise<GpuLedger> {
  const { nodes, pods } = await run.ports.cluster.capacity(signal);
  return gpuLedger({ nodes, pods, nodeSelector: run.inputs.nodeSelector, without });
}
