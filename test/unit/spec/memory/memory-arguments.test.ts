import { expect, test } from "vitest";
import { memoryArgumentsOf } from "../../../../infra/spec/memory/memory-arguments.ts";
import { stackConfig } from "../../../support/stack-config.ts";

function argumentsOf(engine: object) {
  return memoryArgumentsOf(stackConfig({ engine }).engine);
}

test("a stack of defaults leaves all but the fraction to the server", () => {
  expect(argumentsOf({})).toEqual({
    tpSize: 2,
    memFractionStatic: 0.8,
    kvCacheDtype: "auto",
    chunkedPrefillSize: 8192,
    cudaGraphMaxBs: 256,
  });
});

test("settings and extra arguments are taken over, numbers as the server reads them", () => {
  const extraArgs = [
    "--max-total-tokens=512k",
    "--kv-cache-dtype=fp8_e4m3",
    "--quantization=fp8",
    "--chunked-prefill-size=4096",
    "--cuda-graph-max-bs=64",
  ];
  expect(argumentsOf({ tpSize: 4, contextLength: 131_072, maxRunningRequests: 64, extraArgs })).toEqual({
    tpSize: 4,
    memFractionStatic: 0.8,
    contextLength: 131_072,
    maxRunningRequests: 64,
    maxTotalTokens: 512_000,
    kvCacheDtype: "fp8_e4m3",
    quantization: "fp8",
    chunkedPrefillSize: 4096,
    cudaGraphMaxBs: 64,
  });
});

test.each([
  { what: "no CUDA graphs", extraArgs: ["--disable-cuda-graph"], has: { cudaGraphMaxBs: 0 } },
  { what: "prompts taken whole", extraArgs: ["--chunked-prefill-size=-1"], has: { chunkedPrefillSize: -1 } },
  { what: "a binary thousand", extraArgs: ["--max-total-tokens=256Ki"], has: { maxTotalTokens: 262_144 } },
  { what: "a dtype that the server refuses", extraArgs: ["--kv-cache-dtype=int4"], has: { kvCacheDtype: "auto" } },
  { what: "a number that the server refuses", extraArgs: ["--cuda-graph-max-bs=many"], has: { cudaGraphMaxBs: 256 } },
])("$what", ({ extraArgs, has }) => {
  const { engine } = stackConfig();
  expect(memoryArgumentsOf({ ...engine, extraArgs })).toMatchObject(has);
});

test("four GPUs get larger graphs by themselves", () => {
  expect(argumentsOf({ tpSize: 4 }).cudaGraphMaxBs).toBe(512);
});
