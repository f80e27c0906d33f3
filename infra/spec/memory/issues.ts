import type { MemoryPlan } from "./memory-plan.ts";
import type { ModelShape } from "./model.ts";

/**
 * What is wrong with a plan. `pool`: no room for the KV pool, the server stops while it starts. `rest`: no room for what lies
 * outside of the static fraction, likewise. `context`: the pool holds no request of full length. `working`: memory may run out while
 * it serves.
 */
export type Issue = "pool" | "rest" | "context" | "working";

/** Everything that is wrong with a plan, the worst first; empty where it fits. */
export function issuesOf(plan: MemoryPlan): readonly Issue[] {
  if (plan.tokens === 0) return ["pool"];
  if (plan.left < 0) return ["rest"];
  return [
    ...(plan.tokens < plan.contextLength ? (["context"] as const) : []),
    ...(plan.left < plan.working ? (["working"] as const) : []),
  ];
}

/**
 * Why the model's heads cannot be split over so many GPUs, as the end of a sentence; undefined where they can.
 * @see sglang keye-vl-v2-30b-release, `srt/models/keye_topk_mask.py`, `srt/layers/attention/keye_sa_backend.py`
 */
export function headProblem({ queryHeads, kvHeads, indexerHeads }: ModelShape, tpSize: number): string | undefined {
  if (queryHeads % tpSize !== 0) return `the model's ${queryHeads} attention heads cannot be split over ${tpSize} GPUs`;
  if (kvHeads >= tpSize) {
    return kvHeads % tpSize === 0 ? undefined : `the model's ${kvHeads} KV heads cannot be split over ${tpSize} GPUs`;
  }
  if (indexerHeads === 0) {
    return tpSize % kvHeads === 0
      ? undefined
      : `the model's ${kvHeads} KV heads cannot be copied evenly to ${tpSize} GPUs`;
  }
  return `the model's ${kvHeads} KV heads cannot be split over ${tpSize} GPUs, and keye_sa divides by zero after loading`;
}
