import { keye30b } from "../../../../infra/spec/memory/keye-30b.ts";
import { defaultArguments, type MemoryArguments } from "../../../../infra/spec/memory/memory-arguments.ts";
import type { MemoryRequest } from "../../../../infra/spec/memory/memory-plan.ts";

/** MiB that an 80 GB Hopper GPU has. */
export const h800MiB = 81_559;

/** A plan of the catalogue's model on an H800: the server's own choices, with `args` in their place. */
export function onH800(tpSize: number, fraction: number, args: Partial<MemoryArguments> = {}): MemoryRequest {
  return { shape: keye30b.shape, memoryMiB: h800MiB, args: { ...defaultArguments(tpSize, fraction), ...args } };
}

/** A `config.json` of the MoE with the sizes of Qwen3-30B-A3B and SigLIP, and none for the indexer. */
export const configJson = {
  architectures: ["KeyeVL2MoeForConditionalGeneration"],
  model_type: "KeyeVL2",
  dtype: "bfloat16",
  hidden_size: 2048,
  head_dim: 128,
  num_attention_heads: 32,
  num_key_value_heads: 4,
  num_hidden_layers: 48,
  num_experts: 128,
  num_experts_per_tok: 8,
  moe_intermediate_size: 768,
  intermediate_size: 6144,
  decoder_sparse_step: 1,
  mlp_only_layers: [],
  vocab_size: 151_936,
  max_position_embeddings: 262_144,
  tie_word_embeddings: false,
  sa_config: { topk: 2048 },
  vision_config: {
    hidden_size: 1152,
    intermediate_size: 4304,
    num_hidden_layers: 27,
    num_attention_heads: 16,
    image_size: 384,
    patch_size: 14,
    num_channels: 3,
    spatial_merge_size: 2,
  },
} as const;
