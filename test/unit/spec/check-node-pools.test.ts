import { expect, test } from "vitest";
import type { PoolNode } from "../../../infra/core/pool-node.ts";
import { checkNodePools, poolError } from "../../../infra/spec/check-node-pools.ts";
import { h800Labels, poolNode } from "../../support/pool-node.ts";
import { stackConfig } from "../../support/stack-config.ts";

function check(settings: object, nodes: readonly PoolNode[]): readonly string[] {
  const config = stackConfig({ nodePools: [{ name: "h800", minNodes: 2 }], ...settings });
  return checkNodePools(config, { clusterUid: "u", serverVersion: "v1", pools: [{ name: "h800", nodes }] });
}

const a = poolNode({ name: "a" });
const b = poolNode({ name: "b" });
const selector = "nvidia.com/gpu.product=NVIDIA-H800";
const wanted =
  "wanted one of NVIDIA-H800, NVIDIA-H800-80GB-HBM3, NVIDIA-H800-PCIe, NVIDIA-H800-NVL, or family hopper, compute 9.0 and at least 80000 MiB.";

function gpu(labels: Readonly<Record<string, string>>): PoolNode {
  return poolNode({ name: "b", labels: { ...h800Labels, ...labels } });
}

test.each([
  { what: "as many nodes as wanted", nodes: [a, b] },
  { what: "a node that is down beside enough others", nodes: [a, b, poolNode({ name: "c", isReady: false })] },
  {
    what: "an H800 under a name that is not listed",
    nodes: [a, gpu({ "nvidia.com/gpu.product": "NVIDIA-H800-SXM5" })],
  },
])("$what: no problem", ({ nodes }) => {
  expect(check({}, nodes)).toEqual([]);
});

test.each([
  { what: "no node", nodes: [], problem: `h800: no node has ${selector}, minNodes is 2.` },
  { what: "too few nodes", nodes: [a], problem: `h800: 1 of 1 nodes are usable that have ${selector}, minNodes is 2.` },
  {
    what: "a node that is down",
    nodes: [a, poolNode({ name: "b", isReady: false, allocatableGpus: 0 })],
    problem: `h800: 1 of 2 nodes are usable that have ${selector} (b is not Ready), minNodes is 2.`,
  },
  {
    what: "a cordoned node",
    nodes: [a, poolNode({ name: "b", isUnschedulable: true })],
    problem: `h800: 1 of 2 nodes are usable that have ${selector} (b is cordoned), minNodes is 2.`,
  },
  {
    what: "another GPU",
    nodes: [
      a,
      gpu({
        "nvidia.com/gpu.product": "NVIDIA-A800-SXM4-80GB",
        "nvidia.com/gpu.family": "ampere",
        "nvidia.com/gpu.compute.major": "8",
      }),
    ],
    problem: `h800: node b has GPU NVIDIA-A800-SXM4-80GB (family ampere, compute 8.0, 81559 MiB); ${wanted}`,
  },
  {
    what: "a Hopper GPU with too little memory",
    nodes: [a, gpu({ "nvidia.com/gpu.product": "NVIDIA-H100-64G", "nvidia.com/gpu.memory": "65536" })],
    problem: `h800: node b has GPU NVIDIA-H100-64G (family hopper, compute 9.0, 65536 MiB); ${wanted}`,
  },
  {
    what: "a slice of a GPU",
    nodes: [a, gpu({ "nvidia.com/gpu.product": "NVIDIA-H800-MIG-3g.40gb", "nvidia.com/gpu.memory": "40448" })],
    problem: `h800: node b has GPU NVIDIA-H800-MIG-3g.40gb (family hopper, compute 9.0, 40448 MiB); ${wanted}`,
  },
  {
    what: "no GPU feature discovery",
    nodes: [a, poolNode({ name: "b", labels: {} })],
    problem: "h800: node b has no label nvidia.com/gpu.product: GPU feature discovery does not run there.",
  },
  {
    what: "fewer GPUs than the settings say",
    nodes: [a, poolNode({ name: "b", allocatableGpus: 4 })],
    problem: "h800: node b offers 4 GPUs (nvidia.com/gpu allocatable), gpusPerNode is 8.",
  },
  {
    what: "fewer GPUs than one replica needs",
    nodes: [a, poolNode({ name: "b", allocatableGpus: 1 })],
    problem: "h800: node b offers 1 GPUs (nvidia.com/gpu allocatable), gpusPerNode is 8, too few for tpSize 2.",
  },
  {
    what: "too little memory",
    nodes: [a, poolNode({ name: "b", allocatableMemory: 100 * 2 ** 30 })],
    problem: "h800: node b offers 100Gi of memory, engine.resources.memory is 192Gi.",
  },
  {
    what: "too many replicas",
    settings: { replicas: 9 },
    nodes: [a, b],
    problem: "h800: 9 replicas of 2 GPUs and 192Gi of memory are wanted, 2 usable nodes hold 8 even when empty.",
  },
  {
    what: "memory for fewer replicas than GPUs",
    settings: { replicas: 3 },
    nodes: [a, b].map((node) => ({ ...node, allocatableMemory: 200 * 2 ** 30 })),
    problem: "h800: 3 replicas of 2 GPUs and 192Gi of memory are wanted, 2 usable nodes hold 2 even when empty.",
  },
])("$what is named with what was found and what was wanted", ({ settings = {}, nodes, problem }) => {
  expect(check(settings, nodes)).toEqual([problem]);
});

test("a node that two pools select is named once, with both", () => {
  const config = stackConfig({
    nodePools: [
      { name: "old", selector: { rack: "1" } },
      { name: "new", selector: { rack: "2" } },
    ],
  });
  const pools = [
    { name: "old", nodes: [a] },
    { name: "new", nodes: [a, b] },
  ];
  expect(checkNodePools(config, { clusterUid: "u", serverVersion: "v1", pools })).toEqual([
    "old and new: both select node a; a node belongs to one pool.",
  ]);
});

test("one problem reads as one sentence", () => {
  expect(poolError(["h800: no node has a=b, minNodes is 2."]).message).toBe(
    "POOL_MISMATCH: nodePools: h800: no node has a=b, minNodes is 2. Nothing was created. See the nodes: kubectl get nodes -L nvidia.com/gpu.product,nvidia.com/gpu.count,keye-stack.dev/pool",
  );
});

test("several problems are told at once", () => {
  const problems = check({}, [poolNode({ name: "a", labels: {}, allocatableGpus: 4 })]);
  expect(poolError(problems).message).toMatchInlineSnapshot(`
    "POOL_MISMATCH: nodePools: 3 problems:
      - h800: 1 of 1 nodes are usable that have nvidia.com/gpu.product=NVIDIA-H800, minNodes is 2.
      - h800: node a has no label nvidia.com/gpu.product: GPU feature discovery does not run there.
      - h800: node a offers 4 GPUs (nvidia.com/gpu allocatable), gpusPerNode is 8.
    Nothing was created. See the nodes: kubectl get nodes -L nvidia.com/gpu.product,nvidia.com/gpu.count,keye-stack.dev/pool"
  `);
});
