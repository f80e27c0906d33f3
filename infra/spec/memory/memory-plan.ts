import type { Bytes } from "../../core/units.ts";
import { engineFacts } from "./engine-facts.ts";
import { kvCacheBytes, type MemoryArguments } from "./memory-arguments.ts";
import type { ModelShape } from "./model.ts";
import { weightBytesPerGpu } from "./parameters.ts";
import { largestPictures, workingBytes } from "./working-space.ts";

const mib = 2 ** 20;
const gib = 2 ** 30;

/** What decides how the memory of a GPU is divided. */
export interface MemoryRequest {
  readonly shape: ModelShape;
  /** What the driver reports of one GPU. */
  readonly memoryMiB: number;
  readonly args: MemoryArguments;
}

/** Where the memory of one GPU goes. */
export interface MemoryPlan {
  /** Free before anything is loaded. */
  readonly free: Bytes;
  /** Weights, with the tables that are loaded with them. */
  readonly weights: Bytes;
  /** Of one token in the KV pool, indexer cache included. */
  readonly bytesPerToken: Bytes;
  readonly indexerBytesPerToken: Bytes;
  /** What the static fraction leaves for the KV pool; below 0 where the weights alone exceed it. */
  readonly pool: Bytes;
  /** Tokens of the KV pool, in whole pages; 0: the server refuses to start. */
  readonly tokens: number;
  readonly contextLength: number;
  readonly maxRunningRequests: number;
  /** Table that maps each running request's tokens to the pool; outside of the static fraction. */
  readonly requestTable: Bytes;
  /** CUDA graphs with their buffers; outside of the static fraction. */
  readonly graphs: Bytes;
  /** CUDA context of the front process, which shares the first GPU from the first picture on. */
  readonly frontProcess: Bytes;
  /** Free when the server is up; below 0: memory ends while it starts. */
  readonly left: Bytes;
  /** Needed of `left` while it works. */
  readonly working: Bytes;
  /** Pictures of the greatest size that one request may have; an estimate. */
  readonly pictures: number;
}

/**
 * Divides a GPU's memory as the server does. The static fraction is one of the memory that is free before the weights; what
 * the weights leave of it becomes the KV pool, to the last page. All else must do with the rest.
 *
 * @see sglang keye-vl-v2-30b-release, `srt/model_executor/model_runner_kv_cache_mixin.py`, `pool_configurator.py`
 */
export function planMemory({ shape, memoryMiB, args }: MemoryRequest): MemoryPlan {
  const contextLength = args.contextLength ?? shape.contextLength;
  const free = Math.floor(memoryMiB * mib - engineFacts.contextGib.value * gib);
  const weights = weightBytesPerGpu(shape, args.tpSize, args.quantization);
  const indexerBytesPerToken = indexerBytes(shape);
  const bytesPerToken = keyValueBytes(shape, args) + indexerBytesPerToken;
  const pool = Math.floor(free * args.memFractionStatic - weights);
  const tokens = inPages(Math.max(0, Math.min(pool / bytesPerToken, args.maxTotalTokens ?? Number.POSITIVE_INFINITY)));
  const maxRunningRequests = runningRequests(tokens, contextLength, args.maxRunningRequests);
  const requestTable = (maxRunningRequests + 1) * (contextLength + 4) * 4;
  const frontProcess = Math.floor(engineFacts.frontProcessGib.value * gib);
  const graphs = graphBytes(shape, Math.min(args.cudaGraphMaxBs, maxRunningRequests), contextLength);
  const left = free - weights - tokens * bytesPerToken - requestTable - graphs - frontProcess;
  return {
    free,
    weights,
    bytesPerToken,
    indexerBytesPerToken,
    pool,
    tokens,
    contextLength,
    maxRunningRequests,
    requestTable,
    graphs,
    frontProcess,
    left,
    working: workingBytes(shape, args),
    pictures: largestPictures(left, shape, args),
  };
}

function inPages(tokens: number): number {
  const { value } = engineFacts.pageSize;
  return Math.floor(tokens / value) * value;
}

/** KV heads are split over the GPUs, and doubled where there are too few of them. */
function keyValueBytes({ kvHeads, headDim, layers }: ModelShape, { tpSize, kvCacheDtype }: MemoryArguments): Bytes {
  return Math.max(1, Math.floor(kvHeads / tpSize)) * 2 * headDim * layers * kvCacheBytes[kvCacheDtype];
}

/** One key a layer in 8 bits with a scale of 4 bytes, on every GPU. */
function indexerBytes({ indexerHeads, indexerHeadDim, layers }: ModelShape): Bytes {
  return indexerHeads === 0 ? 0 : (indexerHeadDim + 4) * layers;
}

function runningRequests(tokens: number, contextLength: number, wanted: number | undefined): number {
  const estimated = Math.min(Math.max(Math.trunc((tokens / contextLength) * 512), 2048), 4096);
  return Math.min(estimated, wanted ?? Math.floor(tokens / 2));
}

/**
 * Buffers of fixed size for the largest batch (page tables, index scores over the whole context, scores of the vocabulary),
 * the kernels of every graph, and scratch.
 */
function graphBytes(shape: ModelShape, batch: number, contextLength: number): Bytes {
  if (batch === 0) return 0;
  const { pageSize, bytesPerGraphKernel, graphKernelsPerLayer, graphScratchGib } = engineFacts;
  const pages = Math.ceil(contextLength / pageSize.value);
  const ofIndexer = shape.indexerHeads === 0 ? 0 : 4 * (contextLength + pages) + 4 * contextLength;
  const kernels = graphsUpTo(batch) * shape.layers * graphKernelsPerLayer.value;
  const buffers = batch * (ofIndexer + 6 * shape.vocabularySize);
  return buffers + kernels * bytesPerGraphKernel.value + graphScratchGib.value * gib;
}

/** How many batch sizes have a graph: 1, 2, 4, then in steps of 8, of 16 from 256 and of 32 from 512, with 12 in between. */
function graphsUpTo(batch: number): number {
  const small = [1, 2, 4, 8, 12].filter((size) => size <= batch).length;
  const steps = (from: number, to: number, step: number) =>
    Math.max(0, Math.floor((Math.min(batch, to) - from) / step));
  return small + steps(8, 256, 8) + steps(256, 512, 16) + steps(512, Number.POSITIVE_INFINITY, 32);
}

/**
 * `--mem-fraction-static` where none is given: reserves room for activations and graphs, and more for a vision model.
 * @see sglang keye-vl-v2-30b-release, `srt/server_args.py`
 */
export function defaultMemFraction({ shape, memoryMiB, args }: MemoryRequest): number {
  const reserved =
    512 + 1.5 * Math.max(args.chunkedPrefillSize, 2048) + 2 * args.cudaGraphMaxBs + (args.tpSize / 8) * 1024;
  const kept = memoryMiB > 60 * 1024 ? Math.max(reserved, 10 * 1024) : reserved;
  const fraction = rounded((memoryMiB - kept) / memoryMiB);
  const encoder = (shape.visionLayers * shape.visionHiddenSize ** 2) / (24 * 1024 ** 2);
  return rounded(fraction * 0.95 * Math.min(Math.max(1 - 0.1 * (encoder - 1), 0.8), 1.05));
}

function rounded(fraction: number): number {
  return Math.round(fraction * 1000) / 1000;
}
