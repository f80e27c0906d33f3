import { describe, expect, test } from "vitest";
import type { MemoryRequest } from "../../../infra/rehearsal/engine/memory.ts";
import { defaultMemFraction, planMemory } from "../../../infra/rehearsal/engine/memory.ts";
import { isHopper, keye30b } from "../../../infra/rehearsal/engine/model.ts";

const request: MemoryRequest = {
  model: keye30b,
  tpSize: 2,
  memFractionStatic: 0.8,
  contextLength: 262_144,
  memoryMiB: 81_559,
  isSparse: true,
  pageSize: 64,
  maxTotalTokens: undefined,
  maxRunningRequests: undefined,
  hasGraphs: true,
};

describe("the memory of one H800", () => {
  test.each([
    { tpSize: 1, weights: 57.88, thousands: 50 },
    { tpSize: 2, weights: 29.46, thousands: 645 },
    { tpSize: 4, weights: 15.25, thousands: 1_650 },
  ])("of $tpSize ranks at a fraction of 0.8", ({ tpSize, weights, thousands }) => {
    const plan = planMemory({ ...request, tpSize });
    expect(plan.weights).toBeCloseTo(weights, 1);
    expect(Math.abs(plan.tokens / 1_000 - thousands)).toBeLessThan(thousands * 0.02);
    expect(plan.tokens % 64).toBe(0);
  });

  test("holds a request table of 2 GiB at the running requests that the server picks itself", () => {
    const plan = planMemory(request);
    expect(plan.maxRunningRequests).toBe(2048);
    expect(plan.afterLoad - plan.afterPool - 2 * plan.keys - plan.indexer).toBeCloseTo(2, 1);
  });

  test("has no indexer cache under dense attention, and so more tokens", () => {
    const dense = planMemory({ ...request, isSparse: false });
    expect(dense.indexer).toBe(0);
    expect(dense.tokens).toBeGreaterThan(planMemory(request).tokens);
  });

  test("has nothing for the pool where the fraction is smaller than the weights", () => {
    expect(planMemory({ ...request, memFractionStatic: 0.3 }).tokens).toBeLessThanOrEqual(0);
  });

  test("has nothing for the graphs where the fraction is nearly all", () => {
    expect(planMemory({ ...request, memFractionStatic: 0.97 }).afterGraphs).toBeLessThan(0);
  });

  test("has a default fraction below the 0.8 that the model's authors ask for", () => {
    expect(defaultMemFraction(81_559, 2, 8192)).toBeCloseTo(0.759, 3);
  });
});

test.each([
  ["NVIDIA-H800", true],
  ["NVIDIA-H800-80GB-HBM3", true],
  ["NVIDIA-H100-PCIe", true],
  ["NVIDIA-GH200-480GB", true],
  ["NVIDIA-H20", true],
  ["NVIDIA-A800-SXM4-80GB", false],
  ["NVIDIA-L40S", false],
  ["NVIDIA-B200", false],
])("%s is Hopper: %s", (product, expected) => {
  expect(isHopper(product)).toBe(expected);
});
