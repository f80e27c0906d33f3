import type { Setting } from "../story/stack-file.ts";

/** One way a candidate can be broken, and the code that the refusal must carry. */
export interface FaultCase {
  readonly name: string;
  readonly code: string;
  readonly changes: readonly Setting[];
}

const annotation = ["engine", "podAnnotations", "rehearsal.keye-stack.dev/fault"];

function scripted(name: string, fault: string, code: string): FaultCase {
  return { name, code, changes: [{ path: annotation, value: fault }] };
}

/** Terminal faults of a pod: nothing but another revision cures them. */
export const faultCases: readonly FaultCase[] = [
  scripted("image not in the registry", "image-not-found", "E_IMAGE"),
  scripted("registry refuses the credentials", "image-unauthorized", "E_IMAGE"),
  scripted("crash while loading", "crash-while-loading", "E_CRASH"),
  scripted("GPU memory ends while loading", "oom-load", "E_OOM"),
  scripted("no room for the KV cache", "oom-kv", "E_OOM"),
  scripted("no room for the CUDA graphs", "oom-graph", "E_OOM"),
  scripted("host memory ends", "oom-killed", "E_OOM"),
  scripted("EffectiveKernels missing", "missing-effective-kernels", "E_CONFIG"),
  scripted("DeepGEMM missing", "missing-deep-gemm", "E_CONFIG"),
  scripted("NCCL fails", "nccl", "E_GPU"),
  scripted("a GPU reports an Xid", "xid", "E_GPU"),
  scripted("crash in the warm-up", "crash-in-warmup", "E_CRASH"),
  scripted("wrong answers", "wrong-answer", "E_PROBE"),
  scripted("another revision's weights", "wrong-weight-version", "E_IDENTITY"),
  scripted("dense attention", "dense-attention", "E_IDENTITY"),
];
