import { describe, expect, test } from "vitest";
import type { PoolNode } from "../../../infra/core/pool-node.ts";
import { checkNodePools, mostNodes, poolError, poolNotes, poolWarnings } from "../../../infra/spec/check-node-pools.ts";
import { clusterApiPool, karpenterPool } from "../../support/elastic-pools.ts";
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

const zone = { label: "topology.kubernetes.io/zone", values: ["a", "b"] };
const inZone = (value: string) => poolNode({ name: "a", labels: { ...h800Labels, [zone.label]: value } });

test.each([
  { what: "an accepted place", pool: { topology: zone }, nodes: [inZone("b")], problems: [] },
  {
    what: "another place",
    pool: { topology: zone },
    nodes: [inZone("c")],
    problems: ["h800: node a has topology.kubernetes.io/zone=c; wanted a or b, which is topology.values."],
  },
  {
    what: "no place",
    pool: { topology: zone },
    nodes: [a],
    problems: ["h800: node a has no label topology.kubernetes.io/zone; wanted a or b, which is topology.values."],
  },
  {
    what: "enough of the RDMA resource",
    pool: { rdma: { resource: "rdma/hca", perNode: 8 } },
    nodes: [{ ...a, allocatableRdma: 8 }],
    problems: [],
  },
  {
    what: "too little of the RDMA resource",
    pool: { rdma: { resource: "rdma/hca", perNode: 8 } },
    nodes: [{ ...a, allocatableRdma: 1 }],
    problems: ["h800: node a offers 1 of rdma/hca, rdma.perNode is 8."],
  },
])("a node with $what", ({ pool, nodes, problems }) => {
  expect(check({ nodePools: [{ name: "h800", ...pool }] }, nodes)).toEqual(problems);
});

describe("a pool that may grow", () => {
  const coming = poolNode({ name: "new", labels: {}, allocatableGpus: 0 });

  test.each([
    { what: "while it is empty", pool: karpenterPool, nodes: [] },
    { what: "while it is smaller than its least size", pool: { ...clusterApiPool, minNodes: 2 }, nodes: [a] },
    { what: "while a node has not shown its devices", pool: karpenterPool, nodes: [a, coming] },
    {
      what: "while its only node has not shown its devices",
      pool: { ...karpenterPool, maxNodes: 1 },
      nodes: [coming],
    },
  ])("is no problem $what", ({ pool, nodes }) => {
    expect(check({ nodePools: [pool] }, nodes)).toEqual([]);
  });

  test.each([
    {
      what: "a node of another size",
      settings: { nodePools: [karpenterPool] },
      nodes: [poolNode({ name: "b", allocatableGpus: 4 })],
      problem: "h800: node b offers 4 GPUs (nvidia.com/gpu allocatable), gpusPerNode is 8.",
    },
    {
      what: "a node with another GPU",
      settings: { nodePools: [karpenterPool] },
      nodes: [gpu({ "nvidia.com/gpu.product": "NVIDIA-H100-64G", "nvidia.com/gpu.memory": "65536" })],
      problem: `h800: node b has GPU NVIDIA-H100-64G (family hopper, compute 9.0, 65536 MiB); ${wanted}`,
    },
    {
      what: "room that no number of nodes gives, by memory",
      settings: {
        nodePools: [{ ...clusterApiPool, capacity: { ...clusterApiPool.capacity, memory: "200Gi" } }],
        replicas: 8,
      },
      nodes: [a],
      problem:
        "h800: 8 replicas of 2 GPUs and 192Gi of memory are wanted, 1 usable nodes hold 4 even when empty, and 3 that may come hold 3.",
    },
  ])("is refused with $what", ({ settings, nodes, problem }) => {
    expect(check(settings, nodes)).toEqual([problem]);
  });

  test.each([
    {
      pool: karpenterPool,
      kind: { apiVersion: "karpenter.sh/v1", kind: "NodePool" },
      problem:
        "h800: the cluster has no karpenter.sh/v1 NodePool: install Karpenter 1.0 or later, or use provider existing.",
    },
    {
      pool: clusterApiPool,
      kind: { apiVersion: "cluster.x-k8s.io/v1beta2", kind: "MachineDeployment" },
      problem:
        "h800: the cluster has no cluster.x-k8s.io/v1beta2 MachineDeployment: install Cluster API 1.11 or later, or use provider existing.",
    },
  ])("is refused where the cluster has no $kind.kind", ({ pool, kind, problem }) => {
    const found = { clusterUid: "u", serverVersion: "v1", pools: [], missingKinds: [kind] };
    expect(checkNodePools(stackConfig({ nodePools: [pool] }), found)).toEqual([problem]);
    const other = { ...found, missingKinds: [{ ...kind, kind: "Other" }] };
    expect(checkNodePools(stackConfig({ nodePools: [pool] }), other)).toEqual([]);
  });

  test("is noted while it is empty", () => {
    const config = stackConfig({ nodePools: [karpenterPool] });
    const found = (nodes: readonly PoolNode[]) => ({
      clusterUid: "u",
      serverVersion: "v1",
      pools: [{ name: "h800", nodes }],
    });
    expect(poolNotes(config, found([]))).toEqual(["h800: no node yet; up to 4 may come once pods wait for them."]);
    expect(poolNotes(config, found([a]))).toEqual([]);
    expect(poolNotes(stackConfig(), found([]))).toEqual([]);
  });
});

test("pods may be on every node that is there, and on every one that may come", () => {
  const nodePools = [
    { name: "owned", selector: { rack: "1" } },
    { ...karpenterPool, name: "small" },
    { ...karpenterPool, name: "shrunk", maxNodes: 1 },
  ];
  const pools = [
    { name: "owned", nodes: [a] },
    { name: "small", nodes: [b] },
    { name: "shrunk", nodes: [a, b] },
  ];
  expect(mostNodes(stackConfig({ nodePools }), { clusterUid: "u", serverVersion: "v1", pools })).toBe(1 + 4 + 2);
});

test.each([
  { what: "one replica on nodes that may all go", spot: [true], replicas: 1, isWarned: true },
  { what: "two replicas", spot: [true], replicas: 2, isWarned: false },
  { what: "a pool that stays beside one that may go", spot: [true, false], replicas: 1, isWarned: false },
])("$what: warned $isWarned", ({ spot, replicas, isWarned }) => {
  const nodePools = spot.map((one, index) => ({ name: `p${index}`, spot: one, selector: { rack: String(index) } }));
  expect(poolWarnings(stackConfig({ nodePools, replicas }))).toEqual(
    isWarned
      ? [
          "p0: the cloud may take back every node (spot), and replicas is 1: nothing serves then until another node has loaded the model.",
        ]
      : [],
  );
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
