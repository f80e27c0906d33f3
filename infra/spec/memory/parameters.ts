import type { Bytes } from "../../core/units.ts";
import type { ModelShape } from "./model.ts";

/** How many parameters each part of a model has, over all layers. */
export interface ParameterCounts {
  readonly embeddings: number;
  /** Query and output projections of the attention. */
  readonly queries: number;
  /** Key and value projections of the attention. */
  readonly keysAndValues: number;
  readonly experts: number;
  readonly router: number;
  readonly norms: number;
  readonly indexers: number;
  readonly vision: number;
  readonly projector: number;
}

/**
 * Counts the parameters that the engine loads. The attention has norms of query and key and no biases, as in Qwen3.
 * @see sglang keye-vl-v2-30b-release, `srt/models/keye_topk_mask_moe.py`, `keye_vit.py`, `keye_topk/keye_indexer.py`
 */
export function countParameters(shape: ModelShape): ParameterCounts {
  const { layers, hiddenSize, headDim, experts } = shape;
  return {
    embeddings: shape.embeddingTables * shape.vocabularySize * hiddenSize,
    queries: layers * 2 * hiddenSize * shape.queryHeads * headDim,
    keysAndValues: layers * 2 * hiddenSize * shape.kvHeads * headDim,
    experts: layers * experts * 3 * hiddenSize * shape.expertSize,
    router: experts > 1 ? layers * hiddenSize * experts : 0,
    norms: layers * 2 * (hiddenSize + headDim) + hiddenSize,
    indexers: layers * indexerParameters(shape),
    vision: visionParameters(shape),
    projector: projectorParameters(shape),
  };
}

/** All of a model's parameters. */
export function totalParameters(shape: ModelShape): number {
  return Object.values(countParameters(shape)).reduce((sum, part) => sum + part, 0);
}

/** Query projection with a gate a head, one key, a norm without and one with bias. */
function indexerParameters({ hiddenSize, indexerHeads, indexerHeadDim }: ModelShape): number {
  if (indexerHeads === 0) return 0;
  return hiddenSize * (indexerHeads * indexerHeadDim + indexerHeads + indexerHeadDim) + 3 * indexerHeadDim;
}

/** Rows of the table of packed positions, which the fork's vision encoder always has. */
const packedPositions = 32_768;

function visionParameters(shape: ModelShape): number {
  const { visionHiddenSize: width, visionMlpSize: mlp, visionPatchSize: patch } = shape;
  const layer = 4 * (width * width + width) + (2 * width * mlp + mlp + width) + 4 * width;
  const positions = Math.floor(shape.visionImageSize / patch) ** 2 + packedPositions;
  const patches = shape.visionChannels * patch * patch * width + width;
  return shape.visionLayers * layer + positions * width + patches + 2 * width;
}

function projectorParameters({ visionHiddenSize, visionMergeSize, hiddenSize }: ModelShape): number {
  const width = visionHiddenSize * visionMergeSize ** 2;
  return 2 * width + width * width + width + width * hiddenSize + hiddenSize;
}

/** Formats that the engine can bring linear layers into while it loads them. */
export type Quantization = "fp8";

/**
 * Bytes of the weights on one GPU. Embeddings, attention and experts are split over the GPUs; everything else is on each of
 * them in full, and so are keys and values where there are fewer heads than GPUs. Expert parallelism moves experts as wholes
 * and changes nothing here.
 */
export function weightBytesPerGpu(shape: ModelShape, tpSize: number, quantization: Quantization | undefined): Bytes {
  const counts = countParameters(shape);
  const ofLinear = quantization === "fp8" ? 1 : 2;
  const keysAndValues = counts.keysAndValues / Math.min(tpSize, shape.kvHeads);
  const linear = (counts.queries + counts.experts) / tpSize + keysAndValues;
  const replicated = counts.router + counts.norms + counts.indexers + counts.vision + counts.projector;
  return linear * ofLinear + (counts.embeddings / tpSize + replicated) * 2 + rotaryBytes(shape);
}

/** Cosines and sines of every position, for the attention and for the indexer: one table each for all layers, in 32 bits. */
function rotaryBytes({ contextLength, headDim, indexerHeads, indexerHeadDim }: ModelShape): Bytes {
  return contextLength * (headDim + (indexerHeads === 0 ? 0 : indexerHeadDim)) * 4;
}
