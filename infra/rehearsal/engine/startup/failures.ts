import type { Fault } from "../faults.ts";
import type { MemoryPlan } from "../memory.ts";
import type { Model } from "../model.ts";
import type { ServerArgs } from "../server-args.ts";
import type { Compilation } from "./compile.ts";
import type { Frame } from "./traceback.ts";
import {
  toAttention,
  toDistributed,
  toLoading,
  toMemoryPool,
  toModelRunner,
  toServerArgs,
  traceback,
} from "./traceback.ts";

/** Where in the start-up a scheduler may die. */
export type FailurePoint = "distributed" | "model" | "weights" | "pool" | "attention" | "graphs";

/** A start that cannot succeed: at which point, on which rank, with what last words. */
export interface SchedulerFailure {
  readonly point: FailurePoint;
  readonly rank: number;
  /** Logged before the exception. */
  readonly before?: string;
  readonly traceback: string;
}

/** All that a start-up depends on. */
export interface StartupFacts {
  readonly args: ServerArgs;
  readonly model: Model;
  readonly memory: MemoryPlan;
  readonly gpuCount: number;
  readonly gpuMemoryMiB: number;
  readonly shmBytes: number;
  readonly fault: Fault | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly compilation: Compilation;
}

const srt = "sglang/srt";

/**
 * What stops the front process before a scheduler exists (exit code 1), or undefined. `model` is undefined where nothing
 * was found under the model path.
 */
export function argumentFailure(
  args: ServerArgs,
  model: Model | undefined,
  env: StartupFacts["env"],
): string | undefined {
  const raise = (line: number, name: string, error: string) =>
    traceback([...toServerArgs, [`${srt}/server_args.py`, line, name, "raise"]], error);
  if (args.configFile !== undefined) {
    // The simulator sees no file system of the pod.
    return traceback(toServerArgs, `ValueError: Config file not found: ${args.configFile}`);
  }
  if (model === undefined) {
    const hub = "https://huggingface.co";
    return traceback(
      [...toServerArgs, [`${srt}/configs/model_config.py`, 211, "__init__", "self.hf_config = get_config("]],
      `OSError: We couldn't connect to '${hub}' to load the files, and couldn't find them in the cached files.\n` +
        `Check your internet connection or see how to run the library in offline mode at '${hub}/docs/transformers/installation#offline-mode'.`,
    );
  }
  if (args.fields.trust_remote_code !== true) {
    return traceback(
      [
        ...toServerArgs,
        [`${srt}/utils/hf_transformers/config.py`, 79, "get_config", "config = AutoConfig.from_pretrained("],
      ],
      `ValueError: The repository ${args.modelPath} contains custom code which must be executed to correctly load the model. ` +
        `You can inspect the repository content at https://hf.co/${args.modelPath} .\n` +
        "Please pass the argument `trust_remote_code=True` to allow custom code to be run.",
    );
  }
  if (args.port + 10_000 > 65_535) {
    const error = `ValueError: SGLANG_GRPC_PORT (${args.port + 10_000}) must be between 1 and 65535`;
    return raise(1052, "_handle_grpc_port", error);
  }
  if (args.contextLength > model.contextLength && env.SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN !== "1") {
    return traceback(
      [...toServerArgs, [`${srt}/configs/model_config.py`, 516, "_derive_context_length", "raise ValueError("]],
      `ValueError: Warning: User-specified context_length (${args.contextLength}) is greater than the derived context_length ` +
        `(${model.contextLength}). This may lead to incorrect model outputs or CUDA errors. To allow overriding this maximum, ` +
        "set the env var SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1",
    );
  }
  const nodes = Number(args.fields.nnodes ?? 1);
  const ranks = args.tpSize * Number(args.fields.pp_size ?? 1);
  if (ranks % nodes !== 0) {
    return raise(6846, "check_server_args", "AssertionError: tp_size must be divisible by number of nodes");
  }
  if (args.servedModelName.includes(":")) {
    return raise(
      6876,
      "check_server_args",
      "AssertionError: served_model_name cannot contain a colon (':') character. The colon is reserved for the " +
        "'model:adapter' syntax used in LoRA adapter specification. " +
        `Invalid value: '${args.servedModelName}'`,
    );
  }
  if (args.chunkedPrefillSize > 0 && args.chunkedPrefillSize % args.pageSize !== 0) {
    return raise(6897, "check_server_args", "AssertionError: chunked_prefill_size must be divisible by page_size");
  }
  return undefined;
}

/** What stops the front process where the folder of the weights holds no configuration: they are not complete. */
export function noConfig(path: string): string {
  return traceback(
    [...toServerArgs, [`${srt}/configs/model_config.py`, 211, "__init__", "self.hf_config = get_config("]],
    `OSError: ${path} does not appear to have a file named config.json. ` +
      `Checkout 'https://huggingface.co/${path}/tree/None' for available files.`,
  );
}

/** What stops a scheduler while it starts, the first in time, or undefined where the start will succeed. */
export function schedulerFailure(facts: StartupFacts): SchedulerFailure | undefined {
  return distributed(facts) ?? construction(facts) ?? weights(facts) ?? afterLoad(facts);
}

function distributed(facts: StartupFacts): SchedulerFailure | undefined {
  const { args, gpuCount, fault } = facts;
  const die = (rank: number, frames: readonly Frame[], error: string): SchedulerFailure => ({
    point: "distributed",
    rank,
    traceback: traceback([...toDistributed, ...frames], error),
  });
  const perNode = args.tpSize / args.nodes.count;
  if (perNode > gpuCount) {
    const rank = args.nodes.rank * perNode + gpuCount;
    const frame: Frame = [
      `${srt}/model_executor/model_runner.py`,
      1106,
      "init_torch_distributed",
      "set_device(self.gpu_id)",
    ];
    const visible = facts.env.CUDA_VISIBLE_DEVICES;
    return {
      ...die(
        rank,
        [frame],
        "torch.AcceleratorError: CUDA error: invalid device ordinal\n" +
          "GPU device may be out of range, do you have enough GPUs?\n" +
          "CUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below might be incorrect.\n" +
          "For debugging consider passing CUDA_LAUNCH_BLOCKING=1\n" +
          "Compile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.\n",
      ),
      before:
        `Context: self.device='cuda' self.gpu_id=${gpuCount} os.environ.get('CUDA_VISIBLE_DEVICES')=` +
        `${visible === undefined ? "None" : `'${visible}'`} self.tp_rank=${rank} self.tp_size=${args.tpSize}`,
    };
  }
  const frame: Frame = [
    `${srt}/distributed/device_communicators/pynccl.py`,
    111,
    "__init__",
    "self.nccl.ncclCommInitRank(",
  ];
  if (fault?.name === "nccl")
    return die(0, [frame], ncclError("peer access is not supported between these two devices"));
  // A container's default /dev/shm; NCCL wants about 33 MB for each pair of ranks, torch's queues the rest.
  if (args.tpSize > 1 && facts.shmBytes <= 64 * 2 ** 20) {
    const lost =
      "Error while creating shared memory segment /dev/shm/nccl-kT3bQ2 (size 33030528), error: No space left on device (28)";
    return die(0, [frame], ncclError(lost));
  }
  return undefined;
}

function ncclError(last: string): string {
  return (
    "torch.distributed.DistBackendError: NCCL error in: /pytorch/torch/csrc/distributed/c10d/NCCLUtils.cpp:77, " +
    "unhandled system error (run with NCCL_DEBUG=INFO for details), NCCL version 2.27.5\n" +
    "ncclSystemError: System call (e.g. socket, malloc) or external library call failed or device error. \n" +
    `Last error:\n${last}`
  );
}

function construction({ args, model, fault }: StartupFacts): SchedulerFailure | undefined {
  const die = (frame: Frame, error: string): SchedulerFailure => ({
    point: "model",
    rank: 0,
    traceback: traceback([...toLoading, frame], error),
  });
  if (fault?.name === "missing-deep-gemm" && args.attentionBackend === "keye_sa") {
    const frame: Frame = [`${srt}/layers/attention/keye_topk/keye_indexer.py`, 160, "__init__", "raise RuntimeError("];
    return die(frame, "RuntimeError: KeyeIndexer requires CUDA and deep_gemm. Make sure deep_gemm is installed.");
  }
  if (model.queryHeads % args.tpSize !== 0) {
    const frame: Frame = [
      `${srt}/distributed/utils.py`,
      58,
      "ensure_divisibility",
      "assert numerator % denominator == 0, (",
    ];
    return die(frame, `AssertionError: ${model.queryHeads} is not divisible by ${args.tpSize}`);
  }
  return undefined;
}

function weights({ memory, gpuMemoryMiB, fault }: StartupFacts): SchedulerFailure | undefined {
  if (fault?.name === "crash-while-loading") {
    const frame: Frame = [
      `${srt}/model_loader/weight_utils.py`,
      846,
      "safetensors_weights_iterator",
      "with safe_open(",
    ];
    const error =
      "safetensors_rust.SafetensorError: Error while deserializing header: incomplete metadata, file not fully covered";
    return { point: "weights", rank: fault.value, traceback: traceback([...toLoading, frame], error) };
  }
  if (fault?.name !== "oom-load" && memory.weights < memory.free) return undefined;
  const total = (gpuMemoryMiB / 1024).toFixed(2);
  const frame: Frame = [
    `${srt}/layers/moe/fused_moe_triton/layer.py`,
    269,
    "__init__",
    "self.quant_method.create_weights(",
  ];
  const error =
    `torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 384.00 MiB. GPU 0 has a total capacity of ${total} GiB of which ` +
    "112.44 MiB is free. Including non-PyTorch memory, this process has 27.61 GiB memory in use.";
  return { point: "weights", rank: 0, traceback: traceback([...toLoading, frame], error) };
}

function afterLoad({ args, model, memory, fault }: StartupFacts): SchedulerFailure | undefined {
  if (Number(args.fields.pp_size ?? 1) > 1) {
    const frame: Frame = [`${srt}/model_executor/model_runner.py`, 534, "__init__", "assert ("];
    const error = "AssertionError: Pipeline Parallel is not compatible with this model.";
    return { point: "pool", rank: 0, traceback: traceback([...toModelRunner, frame], error) };
  }
  if (fault?.name === "oom-kv" || memory.tokens <= 0) {
    const frame: Frame = [`${srt}/model_executor/pool_configurator.py`, 44, "__post_init__", "raise RuntimeError(msg)"];
    const error = "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.";
    return { point: "pool", rank: 0, traceback: traceback([...toMemoryPool, frame], error) };
  }
  if (args.attentionBackend === "keye_sa" && fault?.name === "missing-effective-kernels") {
    const code = "from effective_kernels.ops import sparse_attention_forward, topk_block_unique";
    const frame: Frame = [`${srt}/layers/attention/keye_sa_backend.py`, 53, "<module>", code];
    const error = "ModuleNotFoundError: No module named 'effective_kernels'";
    return { point: "attention", rank: 0, traceback: traceback([...toAttention, frame], error) };
  }
  if (args.attentionBackend === "keye_sa" && args.tpSize > model.kvHeads) {
    const frame: Frame = [
      `${srt}/layers/attention/keye_sa_backend.py`,
      287,
      "__init__",
      "self.num_q_heads % self.num_kv_heads",
    ];
    const error = "ZeroDivisionError: integer modulo by zero";
    return { point: "attention", rank: 0, traceback: traceback([...toAttention, frame], error) };
  }
  if (fault?.name === "oom-graph" || (memory.graphs > 0 && memory.afterGraphs < 0.5)) {
    const frame: Frame = [`${srt}/model_executor/cuda_graph_runner.py`, 715, "__init__", "raise Exception("];
    const error =
      "Exception: Capture cuda graph failed: CUDA out of memory. Tried to allocate 256.00 MiB. GPU 0 has 61.06 MiB free.\n" +
      "Possible solutions:\n" +
      "1. set --mem-fraction-static to a smaller value (e.g., 0.8 or 0.7)\n" +
      "2. set --cuda-graph-max-bs to a smaller value (e.g., 16)\n" +
      "3. disable torch compile by not using --enable-torch-compile\n" +
      "4. disable CUDA graph by --disable-cuda-graph. (Not recommended. Huge performance loss)\n" +
      "Open an issue on GitHub https://github.com/sgl-project/sglang/issues/new/choose \n";
    return { point: "graphs", rank: 0, traceback: traceback([...toAttention, frame], error) };
  }
  return undefined;
}
