import type { Bytes } from "../../core/units.ts";
import { engineFacts } from "./engine-facts.ts";
import type { MemoryArguments } from "./memory-arguments.ts";
import type { ModelShape } from "./model.ts";

const gib = 2 ** 30;

/** What one GPU must have free while it works, beside all that it holds. Estimates: largest buffers that live at once. */
export interface WorkingSpace {
  /** One chunk of a prompt going through one layer. The index scores are left out: they make do with what is free. */
  readonly prefill: Bytes;
  /** The longest video: pixels, embeddings and their concatenation, one pass of the vision encoder. */
  readonly video: Bytes;
  /** The server's front process, on the first GPU: its CUDA context and its copy of the pixels. */
  readonly frontProcess: Bytes;
}

/** Estimates the working space of the first GPU, which has the most to carry. */
export function workingSpaceOf(shape: ModelShape, args: MemoryArguments): WorkingSpace {
  return {
    prefill: prefillBytes(shape, args),
    video: pixelBytes(shape) * (engineFacts.videoCopies.value - 1) + embeddingBytes(shape) + visionPassBytes(shape),
    frontProcess: engineFacts.frontProcessGib.value * gib + pixelBytes(shape),
  };
}

/** The whole of {@link workingSpaceOf}. */
export function workingBytes(shape: ModelShape, args: MemoryArguments): Bytes {
  const { prefill, video, frontProcess } = workingSpaceOf(shape, args);
  return prefill + video + frontProcess;
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
