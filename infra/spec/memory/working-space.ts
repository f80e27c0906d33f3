import type { Bytes } from "../../core/units.ts";
import { engineFacts } from "./engine-facts.ts";
import type { MemoryArguments } from "./memory-arguments.ts";
import type { ModelShape } from "./model.ts";

/**
 * What the first GPU must have free while it works, beside all that it holds: one chunk of a prompt going through one layer,
 * and the longest video. An estimate: the largest buffers that live at once. Scores of the index are left out, since the
 * engine splits them by what is free.
 * @see sglang keye-vl-v2-30b-release, `srt/models/keye_qwen3.py`, `srt/layers/attention/keye_topk/keye_indexer.py`
 */
export function workingBytes(shape: ModelShape, args: MemoryArguments): Bytes {
  const { videoTokens, patchesAtOnce } = engineFacts;
  return prefillBytes(shape, args) + mediaBytes(shape, videoTokens.value) + passBytes(shape, patchesAtOnce.value);
}

/**
 * How many pictures of the greatest size one request may have where so much is left: the engine takes all pictures of a
 * request through the vision encoder in one pass, unlike the frames of a video.
 */
export function largestPictures(left: Bytes, shape: ModelShape, args: MemoryArguments): number {
  const tokens = engineFacts.pictureTokens.value;
  const each = mediaBytes(shape, tokens) + passBytes(shape, tokens * shape.visionMergeSize ** 2);
  return Math.max(0, Math.floor((left - prefillBytes(shape, args)) / each));
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

/** A picture or video as pixels, as embeddings, and as the concatenation of its embeddings. */
function mediaBytes(shape: ModelShape, tokens: number): Bytes {
  const { visionMergeSize, visionChannels, visionPatchSize, hiddenSize } = shape;
  const pixels = tokens * visionMergeSize ** 2 * visionChannels * visionPatchSize ** 2 * 4;
  return pixels * engineFacts.pixelCopies.value + tokens * hiddenSize * 2 * 2;
}

function passBytes({ visionHiddenSize }: ModelShape, patches: number): Bytes {
  return patches * visionHiddenSize * engineFacts.visionBytes.value;
}
