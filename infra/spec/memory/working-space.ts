import type { Bytes } from "../../core/units.ts";
import { engineFacts } from "./engine-facts.ts";
import type { MemoryArguments } from "./memory-arguments.ts";
import type { ModelShape } from "./model.ts";

/**
 * What the first GPU must have free while it works, beside all that it holds: one chunk of a prompt going through one layer,
 * and the longest video, as pixels of engine and front process, as embeddings and their concatenation, and one pass of the
 * vision encoder. An estimate: the largest buffers that live at once. Scores of the index are left out, since the engine splits
 * them by what is free.
 * @see sglang keye-vl-v2-30b-release, `srt/models/keye_qwen3.py`, `srt/layers/attention/keye_topk/keye_indexer.py`
 */
export function workingBytes(shape: ModelShape, args: MemoryArguments): Bytes {
  const pixels = pixelBytes(shape) * engineFacts.videoCopies.value;
  return prefillBytes(shape, args) + pixels + embeddingBytes(shape) + visionPassBytes(shape);
}

function prefillBytes(shape: ModelShape, { tpSize, chunkedPrefillSize, contextLength }: MemoryArguments): Bytes {
  const tokens = chunkedPrefillSize > 0 ? chunkedPrefillSize : (contextLength ?? shape.contextLength);
  const ofExperts = shape.expertsPerToken * ((3 * shape.expertSize) / tpSize + shape.hiddenSize);
  const ofAttention = ((shape.queryHeads + 2 * shape.kvHeads) / tpSize) * shape.headDim;
  // Input, residual, normed and output of a layer.
  const hidden = 4 * shape.hiddenSize;
  const indices = shape.indexerHeads === 0 ? 0 : 2 * 4 * engineFacts.topK.value;
  return tokens * ((ofExperts + ofAttention + hidden) * 2 + indices);
}

function pixelBytes({ visionMergeSize, visionChannels, visionPatchSize }: ModelShape): Bytes {
  const patches = engineFacts.videoTokens.value * visionMergeSize ** 2;
  return patches * visionChannels * visionPatchSize ** 2 * 4;
}

function embeddingBytes({ hiddenSize }: ModelShape): Bytes {
  return engineFacts.videoTokens.value * hiddenSize * 2 * 2;
}

function visionPassBytes({ visionHiddenSize, visionMlpSize }: ModelShape): Bytes {
  return engineFacts.patchesAtOnce.value * (4 * visionHiddenSize + 2 * visionMlpSize) * 2;
}
