import type { Fact } from "./fact.ts";

/**
 * Numbers of the engine that no argument sets.
 * @see sglang keye-vl-v2-30b-release, `srt/layers/attention/keye_sa_backend.py`, `srt/multimodal/processors/keye_adaptive_video.py`
 */
export const engineFacts = {
  /** Tokens of a page of the KV pool. */
  pageSize: { value: 64, basis: "code", source: "srt/server_args.py, keye_sa" },
  /** Keys that the sparse attention looks at. */
  topK: { value: 2048, basis: "code", source: "srt/models/keye_topk_mask.py" },
  /** Tokens of the longest video that a request may have without settings of its own. */
  videoTokens: { value: 184_320, basis: "code", source: "srt/multimodal/processors/keye_adaptive_video.py" },
  /** Patches that one pass of the vision encoder takes of a video. */
  patchesAtOnce: { value: 8192, basis: "code", source: "srt/models/keye_qwen3.py, KEYE_VIDEO_PATCH_CHUNK_SIZE" },
  contextGib: {
    value: 1.15,
    basis: "measured",
    source: "an H100 had 78.50 of 79.65 GiB free before the weights, with one rank; taken for every GPU and tp size",
  },
  graphGib: {
    value: 2,
    basis: "assumed",
    source: "kernels and scratch of the captured graphs, beside the buffers that are computed",
  },
  frontProcessGib: {
    value: 0.5,
    basis: "assumed",
    source: "CUDA context of the server's front process, which shares the first GPU",
  },
  videoCopies: {
    value: 2,
    basis: "assumed",
    source: "copies of a video's pixels on the first GPU: one of the front process, one of the engine",
  },
} as const satisfies Readonly<Record<string, Fact>>;
