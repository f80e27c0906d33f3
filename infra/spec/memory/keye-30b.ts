import type { Fact } from "./fact.ts";
import { type ModelFacts, modelFrom } from "./model.ts";

const readings = "published readings of the checkpoint's config.json";
const backbone =
  "Qwen3-30B-A3B, which the technical report names as backbone; confirmed by the checkpoint's parameter count";
const siglip =
  "SigLIP-400M-384-14, which the technical report names as vision encoder; confirmed by the parameter count";
const counted = "the only indexer of the fork's form with which all parts sum to the checkpoint's parameter count";
const fork = "sglang keye-vl-v2-30b-release, srt/models/keye_vit.py";

/**
 * Parameters of the checkpoint on its hub page, `safetensors.total`. A second reader found 62.24 GB in 13 files, which is
 * the same at two bytes each.
 */
export const keye30bParameters = 31_122_082_160;

const facts: ModelFacts = {
  contextLength: reported(262_144, readings),
  layers: reported(48, readings),
  hiddenSize: reported(2048, readings),
  queryHeads: reported(32, readings),
  kvHeads: reported(4, readings),
  headDim: reported(128, readings),
  vocabularySize: derived(151_936, backbone),
  embeddingTables: derived(2, backbone),
  experts: reported(128, readings),
  expertsPerToken: reported(8, readings),
  expertSize: reported(768, readings),
  indexerHeads: derived(16, counted),
  indexerHeadDim: derived(64, counted),
  visionLayers: reported(27, readings),
  visionHiddenSize: reported(1152, readings),
  visionMlpSize: derived(4304, siglip),
  visionImageSize: reported(384, readings),
  visionPatchSize: reported(14, readings),
  visionChannels: { value: 3, basis: "code", source: fork },
  visionMergeSize: derived(2, siglip),
};

/**
 * Keye-VL-2.0-30B-A3B without its checkpoint at hand. Nobody on this side has read its `config.json`: others published most
 * numbers, and the rest is settled by the parameter count, which these sizes meet to the last parameter.
 */
export const keye30b = modelFrom("Keye-VL-2.0-30B-A3B", facts);

function reported(value: number, source: string): Fact {
  return { value, basis: "reported", source };
}

function derived(value: number, source: string): Fact {
  return { value, basis: "derived", source };
}
