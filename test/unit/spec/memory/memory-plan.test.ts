import { describe, expect, test } from "vitest";
import { readConfigJson } from "../../../../infra/spec/memory/config-json.ts";
import { defaultArguments } from "../../../../infra/spec/memory/memory-arguments.ts";
import { defaultMemFraction, planMemory } from "../../../../infra/spec/memory/memory-plan.ts";
import type { ModelShape } from "../../../../infra/spec/memory/model.ts";
import { configJson, h800MiB, onH800 } from "./shapes.ts";

const gib = 2 ** 30;

function shapeOf(config: object): ModelShape {
  const read = readConfigJson("model", config);
  if (read.kind === "problems") throw new Error(read.problems.join(" "));
  return read.model.shape;
}

/**
 * Worked out by hand from the fork's code, with the indexer's default size (4 heads of 128) and without the rotary tables,
 * which are 0.25 GiB there. Where the pool is the small rest of two large numbers, that is most of the difference.
 */
describe("numbers worked out by hand for 80 GB", () => {
  const poolToleranceGib = 0.3;
  const shape = shapeOf(configJson);

  test.each([
    { tp: 1, fraction: 0.8, weights: 57.88, cell: 104_640, pool: 4.92 },
    { tp: 1, fraction: 0.9, weights: 57.88, cell: 104_640, pool: 12.77 },
    { tp: 2, fraction: 0.8, weights: 29.46, cell: 55_488, pool: 33.3 },
    { tp: 2, fraction: 0.9, weights: 29.46, cell: 55_488, pool: 41.2 },
    { tp: 4, fraction: 0.8, weights: 15.25, cell: 30_912, pool: 47.5 },
    { tp: 4, fraction: 0.9, weights: 15.25, cell: 30_912, pool: 55.4 },
  ])("tp $tp with $fraction", ({ tp, fraction, weights, cell, pool }) => {
    const plan = planMemory({ shape, memoryMiB: h800MiB, args: defaultArguments(tp, fraction) });
    expect(plan.bytesPerToken).toBe(cell);
    expect(plan.free / gib).toBeCloseTo(78.5, 1);
    expect(plan.weights / gib).toBeCloseTo(weights + 0.25, 1);
    expect(Math.abs(plan.pool / gib - pool)).toBeLessThan(poolToleranceGib);
    expect(plan.tokens).toBe(Math.floor(plan.pool / cell / 64) * 64);
  });

  test.each([
    { tp: 1, fraction: 0.8, tokens: 50_000, requests: 0.19 },
    { tp: 1, fraction: 0.9, tokens: 131_000, requests: 0.5 },
    { tp: 2, fraction: 0.8, tokens: 645_000, requests: 2.46 },
    { tp: 2, fraction: 0.9, tokens: 797_000, requests: 3.04 },
    { tp: 4, fraction: 0.8, tokens: 1_650_000, requests: 6.3 },
    { tp: 4, fraction: 0.9, tokens: 1_920_000, requests: 7.32 },
  ])("tp $tp with $fraction holds about $tokens tokens", ({ tp, fraction, tokens, requests }) => {
    const plan = planMemory({ shape, memoryMiB: h800MiB, args: defaultArguments(tp, fraction) });
    const rounding = 5000;
    const tolerance = (poolToleranceGib * gib) / plan.bytesPerToken + rounding;
    expect(Math.abs(plan.tokens - tokens)).toBeLessThan(tolerance);
    expect(Math.abs(plan.tokens / 262_144 - requests)).toBeLessThan(tolerance / 262_144);
  });

  test("the request table takes 2.0 GiB where the server chooses, and 0.06 GiB for 64 requests", () => {
    const args = defaultArguments(2, 0.8);
    const chosen = planMemory({ shape, memoryMiB: h800MiB, args });
    expect([chosen.maxRunningRequests, chosen.requestTable]).toEqual([2048, 2049 * 262_148 * 4]);
    const few = planMemory({ shape, memoryMiB: h800MiB, args: { ...args, maxRunningRequests: 64 } });
    expect(few.requestTable / gib).toBeCloseTo(0.06, 2);
  });

  test("the server's own fraction with two GPUs is 0.759", () => {
    expect(defaultMemFraction({ shape, memoryMiB: h800MiB, args: defaultArguments(2, 0.8) })).toBe(0.759);
  });
});

/**
 * A dense Keye-VL 2 of random weights on an H100, default arguments but `--max-total-tokens=524288`. Its log gives sizes to
 * 0.01 GiB and neither the vocabulary nor the width of the MLP; its weights took 0.02 GiB. CUDA graphs took 0.13 GiB there:
 * the planner, which allows for more scratch than that, gives 0.5.
 */
describe("the recorded start of a small model on an H100", () => {
  const { sa_config: _, num_experts: __, ...rest } = configJson;
  const shape = shapeOf({
    ...rest,
    architectures: ["KeyeVL2ForConditionalGeneration"],
    hidden_size: 64,
    head_dim: 16,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    num_hidden_layers: 2,
    intermediate_size: 128,
    max_position_embeddings: 32_768,
    vision_config: { ...configJson.vision_config, hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2 },
  });
  const args = { ...defaultArguments(1, 0.8), maxTotalTokens: 524_288 };
  const plan = planMemory({ shape, memoryMiB: h800MiB, args });

  test("free before and after the weights", () => {
    expect(plan.free / gib).toBeCloseTo(78.5, 2);
    expect(Math.abs((plan.free - plan.weights) / gib - 78.48)).toBeLessThan(0.03);
  });

  test("tokens, keys and values, requests at once", () => {
    expect(plan.tokens).toBe(524_288);
    expect((plan.tokens * plan.bytesPerToken) / gib).toBeCloseTo(0.125, 3);
    expect(plan.maxRunningRequests).toBe(4096);
  });

  test("free after the pools", () => {
    expect(Math.abs((plan.left + plan.graphs + plan.frontProcess) / gib - 77.85)).toBeLessThan(0.03);
  });

  test("graphs are allowed at least what they took, and at most 0.5 GiB more", () => {
    expect(plan.graphs / gib).toBeGreaterThan(0.13);
    expect(plan.graphs / gib).toBeLessThan(0.13 + 0.5 + 0.25);
  });

  test("with a fraction of 0.0001 there is no pool", () => {
    expect(planMemory({ shape, memoryMiB: h800MiB, args: { ...args, memFractionStatic: 0.0001 } }).tokens).toBe(0);
  });
});

describe("an argument moves what it should", () => {
  test.each([
    {
      what: "an 8-bit KV cache halves keys and values, not the indexer's",
      args: { kvCacheDtype: "fp8_e4m3" },
      cell: 24_576 + 3264,
    },
    { what: "a 4-bit KV cache has scales", args: { kvCacheDtype: "fp4_e2m1" }, cell: 13_824 + 3264 },
  ] as const)("$what", ({ args, cell }) => {
    expect(planMemory(onH800(2, 0.8, args)).bytesPerToken).toBe(cell);
  });

  test("8-bit weights leave embeddings, vision and indexers at 16", () => {
    const saved = planMemory(onH800(2, 0.8)).weights - planMemory(onH800(2, 0.8, { quantization: "fp8" })).weights;
    expect(saved).toBe((28_991_029_248 + 905_969_664) / 2);
  });

  test("graphs are captured for no more requests than may run", () => {
    const limited = planMemory(onH800(2, 0.8, { maxRunningRequests: 64 })).graphs;
    expect(limited).toBe(planMemory(onH800(2, 0.8, { cudaGraphMaxBs: 64 })).graphs);
    expect(limited).toBeLessThan(planMemory(onH800(2, 0.8)).graphs - 0.5 * gib);
  });

  test("256 is the largest of 36 batch sizes, and each graph costs its kernels", () => {
    const kernels = (cudaGraphMaxBs: number) => planMemory(onH800(2, 0.8, { cudaGraphMaxBs })).graphs;
    const buffers = (batch: number) => batch * (4 * (262_144 + 4096) + 4 * 262_144 + 6 * 151_936) + 0.5 * gib;
    expect((kernels(256) - buffers(256)) / (48 * 30 * 4096)).toBe(36);
    expect((kernels(512) - buffers(512)) / (48 * 30 * 4096)).toBe(52);
  });

  test("without CUDA graphs nothing is kept for them", () => {
    expect(planMemory(onH800(2, 0.8, { cudaGraphMaxBs: 0 })).graphs).toBe(0);
  });

  test("a shorter context shrinks request table and page tables in step", () => {
    const plan = planMemory(onH800(2, 0.8, { contextLength: 65_536, maxRunningRequests: 256 }));
    expect(plan.requestTable).toBe(257 * 65_540 * 4);
  });

  test("prompts that are not split need working space for all of their tokens", () => {
    const whole = planMemory(onH800(2, 0.8, { chunkedPrefillSize: -1 })).working;
    expect(whole).toBeGreaterThan(planMemory(onH800(2, 0.8)).working * 3);
  });

  test("each 3 GiB less that are left are one large picture less", () => {
    const pictures = [0.8, 0.85, 0.9].map((fraction) => planMemory(onH800(2, fraction)).pictures);
    expect(pictures).toEqual([3, 2, 0]);
  });

  test("a wish for more requests than the server allows is cut to its limit", () => {
    expect(planMemory(onH800(2, 0.8, { maxRunningRequests: 4000 })).maxRunningRequests).toBe(2048);
  });
});
