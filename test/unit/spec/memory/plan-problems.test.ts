import { describe, expect, test } from "vitest";
import { findGpu, gpuNames } from "../../../../infra/spec/memory/gpus.ts";
import { planError, planProblems } from "../../../../infra/spec/memory/plan-problems.ts";
import { h800Labels, poolNode } from "../../../support/pool-node.ts";
import { stackConfig } from "../../../support/stack-config.ts";

const h800 = [{ name: "h800", nodes: [poolNode()] }];

function withMemory(memory: string) {
  return [
    { name: "h800", nodes: [poolNode(), poolNode({ labels: { ...h800Labels, "nvidia.com/gpu.memory": memory } })] },
  ];
}

test("what the authors run is neither refused nor warned of", () => {
  expect(planProblems(stackConfig(), h800)).toEqual({ refused: [], warned: [] });
});

test("what cannot load is refused with the numbers", () => {
  expect(planProblems(stackConfig({ engine: { memFractionStatic: 0.3 } }), h800)).toEqual({
    refused: [
      'h800: NVIDIA-H800 (81,559 MiB), tpSize 2: The weights take 29.7 GiB, and 0.3 of 78.5 GiB free is 23.5 GiB: the server stops with "Not enough memory". Raise --mem-fraction-static: 0.55 to 0.87 fits.',
    ],
    warned: [],
  });
});

test("what is tight is warned of", () => {
  const { refused, warned } = planProblems(stackConfig({ engine: { memFractionStatic: 0.9 } }), h800);
  expect(refused).toEqual([]);
  expect(warned).toEqual([expect.stringMatching(/^h800: NVIDIA-H800 \(81,559 MiB\), tpSize 2: 3\.8 GiB are left /)]);
});

test("of nodes with different GPUs the smallest counts", () => {
  expect(planProblems(stackConfig(), withMemory("32768")).refused).toEqual([
    expect.stringMatching(/^h800: NVIDIA-H800 \(32,768 MiB\), tpSize 2: /),
  ]);
});

test("where no node tells its memory, the smallest of the accepted products counts", () => {
  const pool = { name: "h800", gpuProducts: ["NVIDIA-H200", "NVIDIA-H100-80GB-HBM3", "NVIDIA-H999"] };
  const config = stackConfig({ nodePools: [pool], engine: { memFractionStatic: 0.3 } });
  const { refused } = planProblems(config, [{ name: "h800", nodes: [poolNode({ labels: {} })] }]);
  expect(refused).toEqual([expect.stringMatching(/^h800: NVIDIA-H100-80GB-HBM3 \(81,559 MiB\)/)]);
});

test("in a pool that makes its nodes, the products of those that may come count too", () => {
  const pool = {
    name: "h800",
    provider: "karpenter",
    nodeClass: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "gpu" },
    instanceTypes: ["p5.48xlarge"],
    gpuProducts: ["NVIDIA-H200", "NVIDIA-H800"],
    maxNodes: 2,
  };
  const config = stackConfig({ nodePools: [pool], engine: { memFractionStatic: 0.3 } });
  const larger = poolNode({
    labels: { ...h800Labels, "nvidia.com/gpu.product": "NVIDIA-H200", "nvidia.com/gpu.memory": "143771" },
  });
  expect(planProblems(config, [{ name: "h800", nodes: [larger] }]).refused).toEqual([
    expect.stringMatching(/^h800: NVIDIA-H800 /),
  ]);
});

describe("nothing is said of", () => {
  const failing = { engine: { memFractionStatic: 0.3 } };

  test("GPUs that nobody knows", () => {
    const nodePools = [{ name: "h800", gpuProducts: ["NVIDIA-H999"] }];
    expect(planProblems(stackConfig({ nodePools, ...failing }), []).refused).toEqual([]);
  });

  test("another architecture than the catalogue's", () => {
    const gate = { expect: { architecture: "KeyeVL2ForConditionalGeneration" } };
    expect(planProblems(stackConfig({ gate, ...failing }), h800).refused).toEqual([]);
  });

  test("a pool whose nodes are too small for a replica", () => {
    const nodePools = [{ name: "h800" }, { name: "single", gpusPerNode: 1, selector: { "example.com/gpus": "1" } }];
    const config = stackConfig({ nodePools, ...failing });
    expect(planProblems(config, []).refused).toEqual([expect.stringMatching(/^h800: /)]);
  });
});

test("the error lists every pool and says that nothing was created", () => {
  expect(planError(["a: it does not fit.", "b: neither."])).toMatchObject({
    code: "CONFIG_INVALID",
    message:
      "CONFIG_INVALID: engine: The engine cannot load. a: it does not fit. b: neither. Nothing was created. See what fits: keye plan",
  });
});

test.each([
  ["H800", "NVIDIA-H800"],
  ["nvidia-h200", "NVIDIA-H200"],
  ["NVIDIA H100 NVL", "NVIDIA-H100-NVL"],
  ["H100", "NVIDIA-H100-80GB-HBM3"],
])("%s is found as %s", (name, label) => {
  expect(findGpu(name)?.name).toBe(label);
});

test("every product label finds itself, and another none", () => {
  expect(gpuNames.map((name) => findGpu(name)?.name)).toEqual(gpuNames);
  expect(findGpu("A100")).toBeUndefined();
});
