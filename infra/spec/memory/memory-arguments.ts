import { numberOf } from "../../config/contracts/argument-value.ts";
import type { EngineConfig } from "../../config/stack-config.ts";
import type { Quantization } from "./parameters.ts";

/** Values of `--kv-cache-dtype` and what one number of the KV cache takes, in bytes; fp4 with its scales. */
export const kvCacheBytes = {
  auto: 2,
  bf16: 2,
  bfloat16: 2,
  fp8_e5m2: 1,
  fp8_e4m3: 1,
  fp4_e2m1: 0.5625,
} as const;

export type KvCacheDtype = keyof typeof kvCacheBytes;

/** The arguments of `sglang.launch_server` that decide how GPU memory is used. */
export interface MemoryArguments {
  readonly tpSize: number;
  /** Fraction of the memory that is free before the weights, for weights and KV pool together. */
  readonly memFractionStatic: number;
  /** Tokens; the model's own where absent. */
  readonly contextLength?: number;
  /** The server's own choice where absent. */
  readonly maxRunningRequests?: number;
  readonly maxTotalTokens?: number;
  readonly kvCacheDtype: KvCacheDtype;
  /** Tokens; -1 takes prompts whole. @default 8192 */
  readonly chunkedPrefillSize: number;
  /** Largest batch with a CUDA graph; 0 for none. @default 256 for fewer than 4 GPUs, else 512 */
  readonly cudaGraphMaxBs: number;
  readonly quantization?: Quantization;
}

/** The server's own choices on GPUs of 60 GB and more. sglang keye-vl-v2-30b-release, `srt/server_args.py`. */
export function defaultArguments(tpSize: number, memFractionStatic: number): MemoryArguments {
  return {
    tpSize,
    memFractionStatic,
    kvCacheDtype: "auto",
    chunkedPrefillSize: 8192,
    cudaGraphMaxBs: tpSize < 4 ? 256 : 512,
  };
}

/** How many requests at once are worth their room in the request table: those that a CUDA graph can serve together. */
export function usefulRequests({ tpSize, memFractionStatic, cudaGraphMaxBs }: MemoryArguments): number {
  return cudaGraphMaxBs > 0 ? cudaGraphMaxBs : defaultArguments(tpSize, memFractionStatic).cudaGraphMaxBs;
}

/** The arguments that a stack's settings give. Values of `extraArgs` that the server would refuse are passed over. */
export function memoryArgumentsOf(engine: EngineConfig): MemoryArguments {
  const defaults = defaultArguments(engine.tpSize, engine.memFractionStatic);
  const { contextLength, maxRunningRequests } = engine;
  const maxTotalTokens = humanNumber(argumentValue(engine, "--max-total-tokens"));
  const dtype = argumentValue(engine, "--kv-cache-dtype");
  const hasGraphs = !engine.extraArgs.includes("--disable-cuda-graph");
  return {
    ...defaults,
    ...(contextLength === undefined ? {} : { contextLength }),
    ...(maxRunningRequests === undefined ? {} : { maxRunningRequests }),
    ...(maxTotalTokens === undefined ? {} : { maxTotalTokens }),
    ...(isKvCacheDtype(dtype) ? { kvCacheDtype: dtype } : {}),
    ...(argumentValue(engine, "--quantization") === "fp8" ? { quantization: "fp8" } : {}),
    chunkedPrefillSize: humanNumber(argumentValue(engine, "--chunked-prefill-size")) ?? defaults.chunkedPrefillSize,
    cudaGraphMaxBs: hasGraphs
      ? (humanNumber(argumentValue(engine, "--cuda-graph-max-bs")) ?? defaults.cudaGraphMaxBs)
      : 0,
  };
}

function argumentValue({ extraArgs }: EngineConfig, flag: string): string | undefined {
  return extraArgs.find((argument) => argument.startsWith(`${flag}=`))?.slice(flag.length + 1);
}

function isKvCacheDtype(text: string | undefined): text is KvCacheDtype {
  return text !== undefined && Object.hasOwn(kvCacheBytes, text);
}

/** As the server reads whole numbers with a suffix. */
function humanNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : numberOf("humanInt", text);
}
