import { describe, expect, test } from "vitest";
import type { EngineExpectation } from "../../../infra/core/probe-spec.ts";
import { compareIdentity, identityFacts } from "../../../infra/prober/checks/attestation.ts";

const args = {
  model_path: "Kwai-Keye/Keye-VL-2.0-30B-A3B",
  revision: "0123abc",
  served_model_name: "keye",
  weight_version: "rev",
  tp_size: 2,
  dp_size: 1,
  pp_size: 1,
  ep_size: 1,
  mem_fraction_static: 0.8,
  attention_backend: "keye_sa",
  prefill_attention_backend: "keye_sa",
  decode_attention_backend: "keye_sa",
  page_size: 64,
  kv_cache_dtype: "auto",
  quantization: null,
  trust_remote_code: true,
  tool_call_parser: "qwen",
  reasoning_parser: "qwen3",
  api_key: "sk-planted-key",
};
const server = {
  ...args,
  status: "ready",
  max_total_num_tokens: 600_000,
  max_req_input_len: 262_138,
  internal_states: [args],
};
const model = {
  weight_version: "rev",
  architectures: ["KeyeVL2MoeForConditionalGeneration"],
  has_image_understanding: true,
};
const models = { data: [{ id: "keye", max_model_len: 262_144 }] };

const declared: EngineExpectation = {
  modelPath: "Kwai-Keye/Keye-VL-2.0-30B-A3B",
  modelRevision: "0123abc",
  servedModelName: "keye",
  weightVersion: "rev",
  tpSize: 2,
  dpSize: 1,
  ppSize: 1,
  epSize: 1,
  memFractionStatic: 0.8,
  attentionBackend: "keye_sa",
  prefillAttentionBackend: "keye_sa",
  decodeAttentionBackend: "keye_sa",
  pageSize: 64,
  kvCacheDtype: "auto",
  quantization: "none",
  trustRemoteCode: true,
  toolCallParser: "qwen",
  reasoningParser: "qwen3",
  contextLength: 262_144,
  architecture: "KeyeVL2MoeForConditionalGeneration",
  hasImageUnderstanding: true,
};

/** An engine whose every rank tells the same change. */
function everywhere(change: Readonly<Record<string, unknown>>) {
  return { model, models, server: { ...server, ...change, internal_states: [{ ...args, ...change }] } };
}

test("an engine that is what was declared differs in nothing", () => {
  expect(compareIdentity(declared, { model, server, models })).toEqual([]);
});

test("what is not declared is not compared", () => {
  expect(compareIdentity({}, everywhere({ tp_size: 8, quantization: "fp8", page_size: 1 }))).toEqual([]);
});

describe("each declared field of /server_info is compared", () => {
  test.each<readonly [string, unknown, string]>([
    ["model_path", "/other", '"Kwai-Keye/Keye-VL-2.0-30B-A3B", got "/other"'],
    ["revision", null, '"0123abc", got "none"'],
    ["served_model_name", "other", '"keye", got "other"'],
    ["tp_size", 1, "2, got 1"],
    ["pp_size", 2, "1, got 2"],
    ["ep_size", 2, "1, got 2"],
    ["mem_fraction_static", 0.7, "0.8, got 0.7"],
    ["attention_backend", "fa3", '"keye_sa", got "fa3"'],
    ["prefill_attention_backend", "fa3", '"keye_sa", got "fa3"'],
    ["decode_attention_backend", "triton", '"keye_sa", got "triton"'],
    ["page_size", 1, "64, got 1"],
    ["kv_cache_dtype", "fp8_e4m3", '"auto", got "fp8_e4m3"'],
    ["quantization", "fp8", '"none", got "fp8"'],
    ["trust_remote_code", false, "true, got false"],
    ["tool_call_parser", null, '"qwen", got "none"'],
    ["reasoning_parser", null, '"qwen3", got "none"'],
  ])("%s", (field, value, told) => {
    expect(compareIdentity(declared, everywhere({ [field]: value }))).toEqual([`${field}: wanted ${told}`]);
  });
});

describe("other answers are compared too", () => {
  test.each<readonly [string, Parameters<typeof compareIdentity>[1], string]>([
    ["starting", everywhere({ status: "starting" }), 'status: wanted "ready", got "starting"'],
    [
      "another revision",
      { server, models, model: { ...model, weight_version: "old" } },
      'weight_version: wanted "rev", got "old"',
    ],
    [
      "another revision in its arguments alone",
      everywhere({ weight_version: "old" }),
      'weight_version of /server_info: wanted "rev", got "old"',
    ],
    [
      "another architecture",
      { server, models, model: { ...model, architectures: ["Qwen2_5_VLForConditionalGeneration"] } },
      'architectures[0]: wanted "KeyeVL2MoeForConditionalGeneration", got "Qwen2_5_VLForConditionalGeneration"',
    ],
    [
      "no understanding of pictures",
      { server, models, model: { ...model, has_image_understanding: false } },
      "has_image_understanding: wanted true, got false",
    ],
    [
      "another model in the list",
      { server, model, models: { data: [{ id: "other", max_model_len: 262_144 }] } },
      'id in /v1/models: wanted "keye", got "other"',
    ],
    [
      "a shorter context",
      { server, model, models: { data: [{ id: "keye", max_model_len: 32_768 }] } },
      "max_model_len: wanted 262144, got 32768",
    ],
    [
      "a pool that holds no full context",
      everywhere({ max_req_input_len: 100_000 }),
      "max_req_input_len: wanted at least 262138, got 100000: the KV pool is too small for one full context",
    ],
    [
      "no pool",
      everywhere({ max_total_num_tokens: 0 }),
      "max_total_num_tokens: wanted more than 0, got 0: there is no KV pool",
    ],
  ])("%s", (_, running, difference) => {
    expect(compareIdentity(declared, running)).toEqual([difference]);
  });
});

describe("data parallel ranks must agree", () => {
  const two: EngineExpectation = { ...declared, dpSize: 2 };
  const ranks = (first: object, second: object) => ({
    model,
    models,
    server: {
      ...server,
      dp_size: 2,
      internal_states: [first, second].map((rank) => ({ ...args, dp_size: 2, ...rank })),
    },
  });

  test("two that do differ in nothing", () => {
    expect(compareIdentity(two, ranks({}, {}))).toEqual([]);
  });

  test("one with other weights is named", () => {
    expect(compareIdentity(two, ranks({}, { weight_version: "old" }))).toEqual([
      'weight_version of rank 1: wanted "rev" as the others, got "old"',
    ]);
  });

  test("what only the ranks resolve is taken from them", () => {
    const open = ranks({}, {});
    const running = { ...open, server: { ...open.server, prefill_attention_backend: null } };
    expect(compareIdentity(two, running)).toEqual([]);
    expect(compareIdentity({ ...two, prefillAttentionBackend: "fa3" }, running)).toEqual([
      'prefill_attention_backend: wanted "fa3", got "keye_sa"',
    ]);
  });

  test("one that is missing is counted", () => {
    const running = { model, models, server: { ...server, dp_size: 2, internal_states: [{ ...args, dp_size: 2 }] } };
    expect(compareIdentity(two, running)).toEqual(["internal_states: wanted 2, one a data parallel rank, got 1"]);
  });
});

test("neither a difference nor a fact holds a key", () => {
  const running = { model, models, server: { ...server, api_key: "sk-planted-key", tp_size: 1 } };
  const told = JSON.stringify([compareIdentity(declared, running), identityFacts(running)]);
  expect(told).not.toContain("sk-planted-key");
});
