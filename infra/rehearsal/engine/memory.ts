import type { Model } from "./model.ts";

const gib = 2 ** 30;

/** What decides how a GPU's memory is divided. */
export interface MemoryRequest {
  readonly model: Model;
  readonly tpSize: number;
  readonly memFractionStatic: number;
  /** Tokens: the context that a request may have. */
  readonly contextLength: number;
  /** Total memory of one GPU. */
  readonly memoryMiB: number;
  /** Sparse attention keeps an indexer cache beside keys and values. */
  readonly isSparse: boolean;
  readonly pageSize: number;
  readonly maxTotalTokens: number | undefined;
  readonly maxRunningRequests: number | undefined;
  readonly hasGraphs: boolean;
}

/** Where the memory of one GPU goes. Sizes in GiB, as the server's log calls "GB". */
export interface MemoryPlan {
  /** Free before anything is loaded. */
  readonly free: number;
  readonly weights: number;
  /** Tokens of the KV pool; 0 or less: the server refuses to start. */
  readonly tokens: number;
  readonly keys: number;
  readonly values: number;
  readonly indexer: number;
  readonly graphs: number;
  readonly maxRunningRequests: number;
  readonly afterLoad: number;
  readonly afterPool: number;
  /** Free once graphs are captured; below 0: capturing them runs out of memory. */
  readonly afterGraphs: number;
}

/**
 * Divides a GPU's memory as the server does: the static fraction of what is free holds weights and KV pool, the rest
 * holds the request table, the graphs and the working space.
 *
 * @see sglang keye-vl-v2-30b-release, `srt/model_executor/pool_configurator.py`, `model_runner_kv_cache_mixin.py`
 */
export function planMemory(request: MemoryRequest): MemoryPlan {
  const { model } = request;
  // A freshly initialised CUDA context and NCCL take the rest; 78.50 of 79.65 GiB were free on the recorded H100.
  const free = request.memoryMiB / 1024 - 1.15;
  const weights = ((model.shardedBillions / request.tpSize + model.replicatedBillions) * 2e9) / gib;
  const keyBytes = (model.kvHeads / request.tpSize) * model.headDim * model.layers * 2;
  const indexerBytes = request.isSparse ? (128 + 4) * model.layers : 0;
  const pool = (free * request.memFractionStatic - weights) * gib;
  const fitting = Math.floor(pool / (2 * keyBytes + indexerBytes) / request.pageSize) * request.pageSize;
  const tokens = Math.min(fitting, request.maxTotalTokens ?? fitting);
  const maxRunningRequests = request.maxRunningRequests ?? defaultRunning(tokens, request.contextLength);
  const table = ((maxRunningRequests + 1) * (request.contextLength + 4) * 4) / gib;
  const graphs = request.hasGraphs ? model.graphGib : 0;
  const keys = (tokens * keyBytes) / gib;
  const indexer = (tokens * indexerBytes) / gib;
  const afterLoad = free - weights;
  const afterPool = afterLoad - 2 * keys - indexer - table;
  return {
    free,
    weights,
    tokens,
    keys,
    values: keys,
    indexer,
    graphs,
    maxRunningRequests,
    afterLoad,
    afterPool,
    afterGraphs: afterPool - graphs,
  };
}

function defaultRunning(tokens: number, contextLength: number): number {
  const byContext = Math.min(Math.max(Math.floor((tokens / contextLength) * 512), 2048), 4096);
  return Math.max(1, Math.min(byContext, Math.floor(tokens / 2)));
}

/** `--mem-fraction-static` where none is given, after sglang `server_args.py` and its cut for vision models. */
export function defaultMemFraction(memoryMiB: number, tpSize: number, chunkedPrefillSize: number): number {
  const maxGraphBatch = tpSize < 4 ? 256 : 512;
  const reserved = 512 + 1.5 * Math.max(chunkedPrefillSize, 2048) + 2 * maxGraphBatch + (tpSize / 8) * 1024;
  const kept = memoryMiB > 60 * 1024 ? Math.max(reserved, 10_240) : reserved;
  const fraction = Math.round(((memoryMiB - kept) / memoryMiB) * 1000) / 1000;
  const vitFactor = 1 - 0.1 * ((27 * 1152 ** 2) / (24 * 1024 ** 2) - 1);
  return Math.round(fraction * 0.95 * Math.min(Math.max(vitFactor, 0.8), 1.05) * 1000) / 1000;
}
