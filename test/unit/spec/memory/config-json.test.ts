import { describe, expect, test } from "vitest";
import { readConfigJson } from "../../../../infra/spec/memory/config-json.ts";
import { keye30b } from "../../../../infra/spec/memory/keye-30b.ts";
import { configJson } from "./shapes.ts";

function read(config: unknown) {
  const result = readConfigJson("given", config);
  if (result.kind === "problems") throw new Error(result.problems.join(" "));
  return result.model;
}

test("a config.json with the catalogue's sizes gives the catalogue's shape, from the file", () => {
  const indexer = { topk: 2048, indexer_num_heads: 16, indexer_head_dim: 64 };
  const model = read({ ...configJson, sa_config: indexer });
  expect(model.shape).toEqual(keye30b.shape);
  expect(new Set(Object.values(model.facts).map(({ basis }) => basis))).toEqual(new Set(["given"]));
});

test("what the file leaves out has the engine's own value", () => {
  const { head_dim: _, ...withoutHeadDim } = configJson;
  const { num_channels: __, spatial_merge_size: ___, ...vision } = configJson.vision_config;
  const { shape, facts } = read({ ...withoutHeadDim, vision_config: vision });
  expect(shape).toMatchObject({
    headDim: 64,
    indexerHeads: 4,
    indexerHeadDim: 128,
    visionChannels: 3,
    visionMergeSize: 2,
  });
  expect(facts.indexerHeads).toMatchObject({
    basis: "code",
    source: expect.stringContaining("sa_config.indexer_num_heads"),
  });
});

test("a file that does not say whether embeddings are tied is taken not to tie them, and the plan says so", () => {
  const { tie_word_embeddings: _, ...rest } = configJson;
  expect(read(rest).facts.embeddingTables).toMatchObject({ value: 2, basis: "assumed" });
  expect(read({ ...configJson, tie_word_embeddings: true }).shape.embeddingTables).toBe(1);
});

test("a dense model is one expert without a router", () => {
  const { num_experts: _, ...rest } = configJson;
  const dense = read({ ...rest, architectures: ["KeyeVL2ForConditionalGeneration"] });
  expect(dense.shape).toMatchObject({ experts: 1, expertsPerToken: 1, expertSize: 6144 });
});

test("a model without sparse attention has no indexer", () => {
  const { sa_config: _, ...rest } = configJson;
  expect(read(rest).shape).toMatchObject({ indexerHeads: 0 });
});

describe("is refused:", () => {
  test.each([
    { what: "a list", config: [], problems: ["It holds no JSON object."] },
    {
      what: "another architecture",
      config: { ...configJson, architectures: ["Qwen3MoeForCausalLM"] },
      problems: [
        'architectures has "Qwen3MoeForCausalLM", wanted KeyeVL2MoeForConditionalGeneration or KeyeVL2ForConditionalGeneration.',
      ],
    },
    {
      what: "weights of 32 bits",
      config: { ...configJson, dtype: "float32" },
      problems: ['dtype is "float32", wanted bfloat16 or float16.'],
    },
    {
      what: "a quantised checkpoint",
      config: { ...configJson, quantization_config: { quant_method: "fp8" } },
      problems: ["quantization_config is there, and only 16-bit weights are counted."],
    },
    {
      what: "layers without experts",
      config: { ...configJson, mlp_only_layers: [0] },
      problems: ["Some layers have no experts (mlp_only_layers, decoder_sparse_step), which is not counted."],
    },
    {
      what: "a dense model without the width of its MLP",
      config: { ...configJson, num_experts: undefined, intermediate_size: undefined },
      problems: ["intermediate_size is missing, and so is num_experts."],
    },
    {
      what: "all that is missing or no number, at once",
      config: { ...configJson, num_hidden_layers: "48", num_key_value_heads: undefined, vision_config: {} },
      problems: [
        'num_hidden_layers is "48", wanted a whole number above 0.',
        "num_key_value_heads is missing.",
        "vision_config.num_hidden_layers is missing.",
        "vision_config.hidden_size is missing.",
        "vision_config.intermediate_size is missing.",
        "vision_config.image_size is missing.",
        "vision_config.patch_size is missing.",
      ],
    },
  ])("$what", ({ config, problems }) => {
    expect(readConfigJson("given", config)).toEqual({ kind: "problems", problems });
  });
});
