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
  /** Tokens of the largest picture that a request may have without settings of its own. */
  pictureTokens: { value: 20_480, basis: "code", source: "srt/multimodal/processors/keye_adaptive_video.py" },
  /** Patches that one pass of the vision encoder takes of a video. */
  patchesAtOnce: { value: 8192, basis: "code", source: "srt/models/keye_qwen3.py, KEYE_VIDEO_PATCH_CHUNK_SIZE" },
  /** GiB of the driver, the CUDA context and the process group, before the weights. */
  contextGib: {
    value: 1.15,
    basis: "measured",
    source:
      "sglang on one H100 had 78.50 of 79.65 GiB free; a bare context left 1.08 less than all on an H100, 1.21 on an H200; published logs of 8 ranks show up to 1.2 more taken",
  },
  /** GiB of the server's front process, which shares the first GPU. */
  frontProcessGib: {
    value: 0.6,
    basis: "measured",
    source: "CUDA context of a second process, on an H100 and on an H200",
  },
  /** Bytes of one kernel in a captured CUDA graph. */
  bytesPerGraphKernel: {
    value: 4096,
    basis: "measured",
    source: "36 graphs of 1200 small PyTorch kernels on an H100; matrix products take less",
  },
  graphKernelsPerLayer: { value: 30, basis: "assumed", source: "counted from the layers' code, roughly" },
  /** GiB of workspaces that capturing leaves behind. */
  graphScratchGib: {
    value: 0.5,
    basis: "assumed",
    source: "beside what is computed; a model of two layers took 0.13 GiB for all of its graphs on an H100",
  },
  /** Bytes of the vision encoder's largest buffers at once, for each patch and each number of its width. */
  visionBytes: {
    value: 33,
    basis: "measured",
    source: "the encoder's layers rebuilt in PyTorch on an H100, one to twenty passes of 8192 patches",
  },
  /** Copies of the pixels of a picture or video on the first GPU. */
  pixelCopies: {
    value: 2,
    basis: "assumed",
    source: "one of the front process and one of the engine",
  },
} as const satisfies Readonly<Record<string, Fact>>;
