import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseNodes } from "../../../infra/rehearsal/node-file.ts";
import { defaultNodes, nodeManifests, nodeStatus } from "../../../infra/rehearsal/nodes.ts";

function read(text: string) {
  const problems: string[] = [];
  return { shapes: parseNodes(parse(text), problems), problems };
}

test("a node file gives shapes, with what it leaves out filled in", () => {
  const { shapes, problems } = read(`
nodes:
  - name: h800
    count: 4
    cpu: 192
    memory: 2015Gi
    gpu: {product: NVIDIA-H800, count: 8, memoryMiB: 81559}
`);
  expect(problems).toEqual([]);
  expect(shapes).toEqual([
    {
      name: "h800",
      count: 4,
      cpu: "192",
      memory: "2015Gi",
      ephemeralStorage: "500Gi",
      gpu: { product: "NVIDIA-H800", count: 8, memoryMiB: 81_559, family: "hopper", compute: "9.0" },
      labels: {},
      taints: [],
    },
  ]);
});

test("every problem of a node file is told at once, with its path", () => {
  const { problems } = read(`
nodes:
  - {name: H800, cpu: lots, memory: 1Gi, gpus: 8}
  - {name: a, cpu: 1, memory: 1Gi, gpu: {product: NVIDIA-H800, count: 0, memoryMiB: 1}, labels: {a: 1}, taints: [{key: a}]}
`);
  expect(problems).toEqual([
    "nodes[0].gpus: unknown; known are name, count, cpu, memory, ephemeralStorage, gpu, labels, taints.",
    'nodes[0].name: "H800"; wants a DNS label.',
    'nodes[0].cpu: "lots"; wants a quantity such as 192.',
    "nodes[1].gpu.count: 0; wants a whole number above 0.",
    "nodes[1].labels: wants label values as text, in quotes where they look like numbers.",
    "nodes[1].taints: wants a list of {key, value?, effect}.",
  ]);
});

test.each(["", "nodes: []", "[]"])("%j has no node shapes", (text) => {
  expect(read(text).problems).toEqual(["nodes: wants a list of at least one node shape."]);
});

test("GPU nodes are tainted and advertise their GPUs; the others are not and do not", () => {
  const nodes = nodeManifests(defaultNodes);
  expect(nodes.map(({ metadata, spec }) => [metadata.name, spec?.taints.length ?? 0])).toEqual([
    ["h800-0", 1],
    ["h800-1", 1],
    ["cpu-0", 0],
  ]);
  const gpus = defaultNodes.map((shape) => {
    const { allocatable } = nodeStatus(shape, { address: "127.64.0.1", port: 1 });
    return "nvidia.com/gpu" in allocatable ? allocatable["nvidia.com/gpu"] : undefined;
  });
  expect(gpus).toEqual(["8", undefined]);
});
