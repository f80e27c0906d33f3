/** What a fault's argument is. */
export type FaultArgument = "none" | "seconds" | "milliseconds" | "factor" | "rank" | "replicas" | "answers";

interface FaultRow {
  readonly argument: FaultArgument;
  /** Used where no argument is given. */
  readonly fallback?: number;
  readonly does: string;
  /** The recorded or documented situation that it replays. */
  readonly standsFor: string;
}

/** Every scripted fault. The table is closed: an unknown name ends the process with exit code 2. */
export const faultTable = {
  "wrong-answer": {
    argument: "none",
    does: "answers fluently, but every sum, code, colour and word is wrong",
    standsFor: "a checkpoint whose weights were loaded under the wrong names",
  },
  "constant-answer": {
    argument: "none",
    does: "gives the same sentence to every request",
    standsFor: "weights of zeros or a collapsed quantization",
  },
  "empty-answer": {
    argument: "none",
    does: "finishes at once with `content: null`",
    standsFor: "recorded: max_tokens 0, and a first token that is the end of text",
  },
  "vision-blind": {
    argument: "none",
    does: "counts visual tokens but answers without having seen the picture",
    standsFor: "a ViT whose weights were skipped while loading",
  },
  "media-dropped": {
    argument: "none",
    does: "answers as if no picture or video had come, and counts no tokens for it",
    standsFor: "a chat template that names no media: the server passes the text alone",
  },
  "frame-order-blind": {
    argument: "none",
    does: "sees all frames of a video, in no order",
    standsFor: "temporal position ids that are lost in preprocessing",
  },
  "swapped-experts": {
    argument: "none",
    does: "answers fluently and mostly rightly: a third of all questions go wrong, and every log probability is shifted",
    standsFor: "expert weights that were loaded in a permuted order",
  },
  "rounded-weights": {
    argument: "none",
    does: "answers every question rightly; only the log probabilities are shifted",
    standsFor: "weights that were loaded with less precision than they were proven with",
  },
  "bad-replica": {
    argument: "replicas",
    fallback: 3,
    does: "answers like `wrong-answer` in one of so many neighbouring pod addresses, and well in all others",
    standsFor: "one node with a damaged copy of the weights",
  },
  "wears-out": {
    argument: "answers",
    fallback: 40,
    does: "answers well at first; after so many answers every sum, code, colour and word is wrong",
    standsFor: "a cache that is damaged under load: what probes see is right, what clients see is not",
  },
  "wrong-weight-version": {
    argument: "none",
    does: "reports weight version `default` whatever --weight-version says",
    standsFor: "recorded: a server that was started without the flag",
  },
  "wrong-model": {
    argument: "none",
    does: "reports the architecture and path of Qwen2.5-VL",
    standsFor: "recorded: the Qwen2.5-VL runs",
  },
  "dense-attention": {
    argument: "none",
    does: "runs dense attention on Hopper and says so in /server_info",
    standsFor: "the branch's silent fall-back off Hopper",
  },
  "leak-key": {
    argument: "none",
    does: "writes the API key into an error message and the log",
    standsFor: "recorded: `server_args=ServerArgs(…)` and /server_info hold the key in clear",
  },
  "error-body-200": {
    argument: "none",
    does: "answers chat with HTTP 200 and an error body",
    standsFor: "recorded: a full queue behind HTTP 200 when streamed",
  },
  "empty-200": {
    argument: "none",
    does: "answers chat with HTTP 200 and no body at all",
    standsFor: "a proxy in front of an engine that is gone",
  },
  "busy-after-ready": {
    argument: "seconds",
    fallback: 5,
    does: "refuses chat with 503 and a full queue for some time after the engine became ready, then is well",
    standsFor: "recorded: --max-queued-requests under load",
  },
  "truncated-stream": {
    argument: "none",
    does: "cuts every stream in the middle, without its last chunk",
    standsFor: "recorded: a stream whose scheduler was killed",
  },
  "slow-first-token": {
    argument: "milliseconds",
    fallback: 5_000,
    does: "delays the first token of every request",
    standsFor: "kernels that compile on first use",
  },
  "slow-load": {
    argument: "factor",
    fallback: 5,
    does: "multiplies the time that loading weights takes",
    standsFor: "weights on a slow network volume",
  },
  "missing-model-path": {
    argument: "none",
    does: "finds no files under --model-path; exit 1",
    standsFor: "recorded: a missing path without a hub",
  },
  "missing-deep-gemm": {
    argument: "none",
    does: "dies while the model is built",
    standsFor: "an image without the Keye fork of DeepGEMM",
  },
  "missing-effective-kernels": {
    argument: "none",
    does: "dies after the weights are loaded",
    standsFor: "recorded: default flags on an H100 without EffectiveKernels",
  },
  "crash-while-loading": {
    argument: "rank",
    fallback: 0,
    does: "a scheduler raises in the middle of the weights",
    standsFor: "a damaged safetensors file",
  },
  nccl: {
    argument: "none",
    does: "dies in the distributed start with an NCCL error",
    standsFor: "broken peer-to-peer links",
  },
  "oom-load": {
    argument: "none",
    does: "runs out of GPU memory while loading",
    standsFor: "another process on the same GPU",
  },
  "oom-kv": {
    argument: "none",
    does: "finds no memory for the KV pool",
    standsFor: "recorded: a memory fraction that is too small",
  },
  "oom-graph": {
    argument: "none",
    does: "runs out of GPU memory while capturing CUDA graphs",
    standsFor: "a memory fraction that is too large",
  },
  "crash-in-warmup": {
    argument: "none",
    does: "the model raises on the first request",
    standsFor: "recorded: model code that raises in the warm-up",
  },
  "crash-after-ready": {
    argument: "seconds",
    fallback: 5,
    does: "the scheduler is killed some time after the engine became ready",
    standsFor: "recorded: kill -9 of the scheduler",
  },
  "hang-after-ready": {
    argument: "seconds",
    fallback: 5,
    does: "the scheduler stops for good some time after the engine became ready",
    standsFor: "recorded: SIGSTOP of the scheduler",
  },
  "dead-scheduler": {
    argument: "none",
    does: "the scheduler stops for good as soon as the engine is ready, and /health says 200 at once",
    standsFor: "recorded: SIGSTOP, with SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION=false",
  },
  "pause-after-ready": {
    argument: "seconds",
    fallback: 30,
    does: "the scheduler stops five seconds after the engine became ready, and goes on after so many seconds",
    standsFor: "recorded: SIGSTOP and SIGCONT of the scheduler",
  },
  "stuck-forward": {
    argument: "seconds",
    fallback: 5,
    does: "a forward never returns some time after ready; the watchdog ends the process",
    standsFor: "recorded: a forward that sleeps, --watchdog-timeout=10",
  },
  xid: {
    argument: "seconds",
    fallback: 5,
    does: "the GPU reports an Xid some time after ready and the scheduler dies of it",
    standsFor: "an uncorrectable ECC error",
  },
} as const satisfies Readonly<Record<string, FaultRow>>;

/** Name of a scripted fault. */
export type FaultName = keyof typeof faultTable;

/** One fault with its argument; `value` is 0 where the fault takes none. */
export interface Fault {
  readonly name: FaultName;
  readonly value: number;
}

/** Reads `name` or `name:argument`, or says in one sentence what is wrong with it. */
export function parseFault(text: string): Fault | { readonly problem: string } {
  const [name = "", argument] = text.split(":", 2);
  if (!isFaultName(name)) {
    return { problem: `unknown fault "${name}"; known: ${Object.keys(faultTable).join(", ")}` };
  }
  const row: FaultRow = faultTable[name];
  if (row.argument === "none") {
    return argument === undefined ? { name, value: 0 } : { problem: `fault "${name}" takes no argument` };
  }
  const value = argument === undefined ? (row.fallback ?? 0) : Number(argument);
  if (argument === "" || !Number.isFinite(value) || value < 0) {
    return { problem: `fault "${name}" wants ${row.argument} of 0 or more, got "${argument}"` };
  }
  return { name, value };
}

/**
 * What a fault means for the engine under `address`: `bad-replica` is a wrong engine where the last number of the address
 * is divisible by its argument, and a good one elsewhere.
 */
export function faultAt(fault: Fault, address: string): Fault | undefined {
  if (fault.name !== "bad-replica") return fault;
  const last = Number(address.split(".").at(-1));
  return last % Math.max(1, fault.value) === 0 ? { name: "wrong-answer", value: 0 } : undefined;
}

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faultTable, name);
}
