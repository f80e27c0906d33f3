import type { ErrorCode } from "../core/errors.ts";
import type { StartupPhase } from "./startup-phase.ts";

/** A text in an engine's log that names a cause. */
export interface FailureSignature {
  /** Short name of the class, stable: reports and tests use it. */
  readonly class: string;
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  /** What it means, in plain words; a full sentence. */
  readonly explanation: string;
  /** What to turn. A full sentence. */
  readonly cure: string;
  /** Stages in which the text has this meaning. Any stage where absent. */
  readonly phases?: readonly StartupPhase[];
  /** True where healthy engines may log the text too: it counts only once the process has ended. */
  readonly onlyAfterExit?: boolean;
  /** True where the line only announces that something failed: the traceback beside it says what. */
  readonly namesNoCause?: boolean;
  /** True where it follows from the end of another pod of the group, which says more. */
  readonly isEcho?: boolean;
}

const whileLoading: readonly StartupPhase[] = ["load"];
const whileServing: readonly StartupPhase[] = ["http-up", "warm-up", "ready"];

/**
 * What engines of the Keye branch log when they fail, most telling first: a scheduler's failure is followed by generic
 * lines of its parent, which stand last.
 *
 * @see sglang keye-vl-v2-30b-release, srt/entrypoints/engine.py, srt/managers/scheduler.py, srt/utils/watchdog.py
 */
export const failureSignatures: readonly FailureSignature[] = [
  {
    class: "bad-args",
    pattern: /error: (?:argument |unrecognized arguments|the following arguments are required)/,
    code: "E_CONFIG",
    explanation: "The engine does not know one of its arguments.",
    cure: "Correct the engine settings, or use an image whose SGLang knows the argument.",
  },
  {
    class: "remote-code",
    pattern: /ValueError: .*trust_remote_code/,
    code: "E_CONFIG",
    explanation: "The model brings its own code and the engine may not run it.",
    cure: "The stack passes --trust-remote-code: look for an image or wrapper that drops it.",
  },
  {
    class: "unsupported-arch",
    pattern: /Model architectures \[.*\] are not supported for now/,
    code: "E_CONFIG",
    explanation: "This image's SGLang does not know the model's architecture: it is not the Keye branch.",
    cure: "Use the Keye image, or build from the branch keye-vl-v2-30b-release.",
  },
  {
    class: "no-mm-processor",
    pattern: /No processor registered for architecture: \[/,
    code: "E_CONFIG",
    explanation: "This image's SGLang has no image and video processor for the model.",
    cure: "Use the Keye image, or build from the branch keye-vl-v2-30b-release.",
  },
  {
    class: "missing-deep-gemm",
    pattern: /KeyeIndexer requires CUDA and deep_gemm/,
    code: "E_CONFIG",
    explanation: "The image lacks Keye's DeepGEMM.",
    cure: "Build the image with DeepGEMM's branch keye_support.",
  },
  {
    class: "missing-effective-kernels",
    pattern: /No module named 'effective_kernels'/,
    code: "E_CONFIG",
    explanation: "The image lacks EffectiveKernels, which the keye_sa attention backend needs on Hopper.",
    cure: "Build the image with Kwai-Keye/EffectiveKernels.",
  },
  {
    class: "kernel-wheel",
    pattern: /sglang-kernel (?:is installed with version|with minimum required version)/,
    code: "E_CONFIG",
    explanation: "The image's sglang-kernel wheel is older than this SGLang needs.",
    cure: "Build the image with the wheel that the branch pins.",
  },
  {
    class: "weights-missing",
    pattern:
      /Cannot find any model weights with|does not appear to have a file named config\.json|LocalEntryNotFoundError|OfflineModeIsEnabled|RepositoryNotFoundError|GatedRepoError|We couldn't connect to 'https:\/\/huggingface\.co'|(?:401|403|404) Client Error.*huggingface/,
    code: "E_CONFIG",
    explanation: "The model's weights are not where the engine looks, or it may not download them.",
    cure: "Check model.path, the weights volume and the access token.",
  },
  {
    class: "disk-full",
    pattern: /No space left on device/,
    code: "E_CONFIG",
    explanation: "A disk of the pod is full.",
    cure: "Give the weights volume or the node's ephemeral storage more room.",
    onlyAfterExit: true,
  },
  {
    class: "gpu-count",
    pattern: /invalid device ordinal/,
    code: "E_CONFIG",
    explanation: "The pod has fewer GPUs than engine.tpSize asks for.",
    cure: "Make engine.tpSize equal to the GPUs of one replica.",
  },
  {
    class: "driver",
    pattern: /CUDA driver version is insufficient|no kernel image is available|forward compatibility was attempted/,
    code: "E_GPU",
    explanation: "The node's NVIDIA driver and the image's CUDA do not fit each other.",
    cure: "Upgrade the node's driver, or use an image for its CUDA version.",
  },
  {
    class: "xid",
    pattern: /\bNVRM: Xid|\bXid \(PCI|\bXid[ :]+\d+|uncorrectable ECC error/,
    code: "E_GPU",
    explanation: "A GPU of this node reported a hardware error.",
    cure: "Cordon the node and have the GPU checked.",
  },
  {
    class: "oom-kv",
    pattern: /Not enough memory\. Please try to increase --mem-fraction-static/,
    code: "E_OOM",
    explanation: "The weights leave no GPU memory for the KV cache.",
    cure: "Raise engine.memFractionStatic, or engine.tpSize.",
  },
  {
    class: "oom-graph",
    pattern: /Capture cuda graph failed/,
    code: "E_OOM",
    explanation: "The CUDA graphs found too little GPU memory beside weights and KV cache.",
    cure: "Lower engine.memFractionStatic (0.8 or 0.7).",
  },
  {
    class: "oom-load",
    pattern: /CUDA out of memory/,
    code: "E_OOM",
    phases: whileLoading,
    explanation: "The weights do not fit the GPU memory that is free.",
    cure: "Raise engine.tpSize, or free the GPU: another process may hold its memory.",
  },
  {
    class: "oom-serving",
    pattern: /(?:Prefill|Decode) out of memory\.|alloc_req_slots runs out of memory/,
    code: "E_OOM",
    explanation: "A request needed more GPU memory than the pool left.",
    cure: "Lower engine.memFractionStatic, or set engine.maxRunningRequests.",
  },
  {
    class: "oom-serving",
    pattern: /CUDA out of memory/,
    code: "E_OOM",
    phases: whileServing,
    explanation: "A request needed more GPU memory than was left beside the KV cache.",
    cure: "Lower engine.memFractionStatic.",
  },
  {
    class: "oom-start",
    pattern: /CUDA out of memory/,
    code: "E_OOM",
    explanation: "The engine ran out of GPU memory while starting.",
    cure: "Lower engine.memFractionStatic, or raise engine.tpSize.",
  },
  {
    class: "shm",
    pattern:
      /exit code: -7\b|Bus error|unable to write to file <\/torch_|Error while creating shared memory segment \/dev\/shm/,
    code: "E_CONFIG",
    explanation: "The pod's shared memory is too small for the engine's processes.",
    cure: "Raise engine.resources.shm.",
  },
  {
    class: "host-oom",
    pattern: /scheduler died during initialization \(exit code: -9\)/,
    code: "E_OOM",
    explanation: "The node's kernel killed the scheduler, most likely for want of host memory.",
    cure: "Raise engine.resources.memory.",
  },
  {
    class: "unbalanced-gpus",
    pattern: /The memory capacity is unbalanced|there are other ranks that didn't finish loading/,
    code: "E_GPU",
    explanation: "The GPUs of one replica do not have the same free memory: another process holds part of one.",
    cure: "Look for foreign processes on the node's GPUs.",
  },
  {
    class: "peer-gone",
    pattern: /gloo\/transport\/tcp\/\S+\s+(?:Connection closed by peer|Read error|Write error)|\d+\/\d+ clients joined/,
    code: "E_CRASH",
    explanation: "Another pod of its group has ended, or has never come.",
    cure: "Read the logs of the other pods of the group.",
    isEcho: true,
  },
  {
    class: "nccl",
    pattern:
      /NCCL error|DistBackendError|ncclSystemError|ncclUnhandledCudaError|unhandled cuda error|ProcessGroupNCCL.*watchdog.*time[d ]?-?out/i,
    code: "E_GPU",
    explanation: "The GPUs of one replica could not talk to each other.",
    cure: "Check the node's NVLink and fabric manager; cordon the node if it comes back.",
  },
  {
    class: "tp-invalid",
    pattern: /integer modulo by zero|is not divisible by|must be divisible by|greater than the number of experts/,
    code: "E_CONFIG",
    explanation: "The model cannot be split over this many GPUs.",
    cure: "Set engine.tpSize to 1, 2 or 4.",
    onlyAfterExit: true,
  },
  {
    class: "pool-too-small",
    pattern: /max_running_request is zero|Memory pool size is too small/,
    code: "E_OOM",
    explanation: "The KV cache is too small for a single request.",
    cure: "Raise engine.memFractionStatic, or lower engine.contextLength.",
  },
  {
    class: "port",
    pattern: /\[Errno 98\].*address already in use/,
    code: "E_CONFIG",
    explanation: "The engine's port is taken in its network namespace; the process stays, and never serves.",
    cure: "Give the engine another port, or do not run it in the host's network.",
  },
  {
    class: "jit",
    pattern: /(?:nvcc|ninja|CUDA_HOME).*(?:not found|No such file|is not set|error)/i,
    code: "E_CONFIG",
    explanation: "A kernel had to be compiled at start and the image has no CUDA toolkit.",
    cure: "Use an image with the CUDA toolkit, or one with the kernels prebuilt.",
    onlyAfterExit: true,
  },
  {
    class: "hang",
    pattern: /Scheduler watchdog timeout \(self\.watchdog_timeout=/,
    code: "E_CRASH",
    explanation: "A forward pass never came back; the engine's watchdog ended it.",
    cure: "Read the stack in the log; check the GPUs of the node.",
  },
  {
    class: "warm-up-failed",
    pattern: /Initialization failed\. warmup error:/,
    code: "E_CRASH",
    explanation: "The engine's own warm-up request failed.",
    cure: "Read the error above that line.",
    namesNoCause: true,
  },
  {
    class: "crash-serving",
    pattern:
      /Subprocess \w+ \(pid=\d+\) crashed with exit code|SIGQUIT received\..*one child failed|(?:Tokenizer|Detokenizer)Manager hit an exception/,
    code: "E_CRASH",
    explanation: "A process of the engine died while it served.",
    cure: "Read the traceback above that line.",
    namesNoCause: true,
  },
  {
    class: "crash-starting",
    pattern: /Scheduler hit an exception|Received sigquit from a child process|Initialization failed\. Please see/,
    code: "E_CRASH",
    explanation: "A process of the engine died while it started.",
    cure: "Read the traceback above that line.",
    namesNoCause: true,
  },
];
