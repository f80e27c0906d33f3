import { describe, expect, test } from "vitest";
import type { DoctorNode } from "../../../../infra/core/doctor-facts.ts";
import { testDigest } from "../../../support/stack-config.ts";
import { doctorNode, labelled, offering, seen, visit } from "./patient.ts";

const gib = 2 ** 30;

function poolOf(...gpuProducts: readonly string[]) {
  return { nodePools: [{ name: "gpus", selector: { pool: "gpus" }, gpuProducts }] };
}

function inPool(node: DoctorNode): DoctorNode {
  return { ...node, labels: { ...node.labels, pool: "gpus" } };
}

test("a cluster that has all gives no finding", () => {
  expect(visit()).toEqual([]);
});

describe("a node", () => {
  test.each([
    {
      what: "that is not Ready",
      node: doctorNode({ isReady: false }),
      lines: [
        "error pool-mismatch pool h800: 0 of 1 nodes are usable that have nvidia.com/gpu.product=NVIDIA-H800 (h800-0 is not Ready), minNodes is 1.",
        "warning node-not-usable node h800-0: It is not Ready.",
      ],
    },
    {
      what: "under pressure",
      node: doctorNode({ pressures: ["DiskPressure"] }),
      lines: ["warning node-pressure node h800-0: Its condition DiskPressure is True: pods are kept off or evicted."],
    },
    {
      what: "with few CPUs",
      node: offering({ cpu: 8 }),
      lines: ["error node-cpu node h800-0: It offers 8 CPUs, engine.resources.cpu is 16: no engine is placed there."],
    },
    {
      what: "with little memory",
      node: offering({ memory: 100 * gib }),
      lines: [
        "error pool-mismatch pool h800: Node h800-0 offers 100Gi of memory, engine.resources.memory is 192Gi.",
        "error pool-mismatch pool h800: 2 replicas of 2 GPUs and 192Gi of memory are wanted, 1 usable nodes hold 0 even when empty.",
      ],
    },
    {
      what: "whose disk does not hold image and weights",
      node: offering({ "ephemeral-storage": 90 * gib }),
      lines: [
        "error node-storage node h800-0: It offers 90 GiB of local disk (ephemeral-storage), and at least 99 GiB are needed: the image (13 GiB pulled, 3 times that on disk) 41 GiB, the weights of one engine 57 GiB.",
      ],
    },
    {
      what: "whose small disk has the image already",
      node: doctorNode({
        ...offering({ "ephemeral-storage": 90 * gib }),
        images: [`kwaikeye/kwai-keye-vl@${testDigest}`],
      }),
      lines: [],
    },
    {
      what: "with an old kubelet",
      node: doctorNode({ kubeletVersion: "v1.29.4" }),
      lines: [
        "warning kubelet-version node h800-0: Its kubelet is v1.29.4; wanted 1.30 or later, from where on a pod can sleep before it ends, so that no request is sent to an engine that stops.",
      ],
    },
    {
      what: "without a device plugin",
      node: offering({ "nvidia.com/gpu": 0 }),
      lines: [
        "error pool-mismatch pool h800: Node h800-0 offers 0 GPUs (nvidia.com/gpu allocatable), gpusPerNode is 8, too few for tpSize 2.",
        "error pool-mismatch pool h800: 2 replicas of 2 GPUs and 192Gi of memory are wanted, 1 usable nodes hold 0 even when empty.",
        "error device-plugin-missing node h800-0: Its label nvidia.com/gpu.count says 8, and its allocatable nvidia.com/gpu is 0.",
      ],
    },
    {
      what: "with a broken GPU",
      node: offering({ "nvidia.com/gpu": 7 }),
      lines: [
        "error pool-mismatch pool h800: Node h800-0 offers 7 GPUs (nvidia.com/gpu allocatable), gpusPerNode is 8.",
        "warning gpu-unhealthy node h800-0: Its label nvidia.com/gpu.count says 8, and its allocatable nvidia.com/gpu is 7: the device plugin holds 1 back as unhealthy.",
      ],
    },
    {
      what: "with shared GPUs",
      node: labelled({ "nvidia.com/gpu.sharing-strategy": "time-slicing", "nvidia.com/gpu.replicas": "4" }),
      lines: [
        "error gpu-shared node h800-0: Its GPUs are shared (time-slicing, 4 a GPU); wanted whole GPUs: the engine plans with all of a GPU's memory.",
      ],
    },
    {
      what: "with some GPUs cut by MIG",
      node: labelled({ "nvidia.com/mig-3g.40gb.count": "2", "nvidia.com/mig-1g.10gb.count": "0" }),
      lines: [
        "error gpu-mig node h800-0: Its GPUs are cut into MIG devices (2 mig-3g.40gb); wanted whole GPUs: tensor parallelism does not cross MIG devices.",
      ],
    },
    { what: "with a MIG strategy alone", node: labelled({ "nvidia.com/mig.strategy": "single" }), lines: [] },
  ])("$what", ({ node, lines }) => {
    expect(visit({}, { nodes: seen([node]) })).toEqual(lines);
  });
});

const ampere = inPool(
  labelled({
    "nvidia.com/gpu.product": "NVIDIA-A100",
    "nvidia.com/gpu.family": "ampere",
    "nvidia.com/gpu.compute.major": "8",
  }),
);
const dense =
  "gpu-not-hopper node h800-0: GPU NVIDIA-A100 is of family ampere, compute major 8; wanted hopper and 9. Elsewhere the engine silently runs dense attention in place of keye_sa.";

test("a GPU that is no Hopper is an error, beside what a preview says of it", () => {
  const [ofPool, ofGpu] = visit(poolOf("NVIDIA-H800"), { nodes: seen([ampere]) });
  expect(ofPool).toMatch(/^error pool-mismatch pool gpus: Node h800-0 has GPU NVIDIA-A100 \(family ampere/);
  expect(ofGpu).toBe(`error ${dense}`);
});

test("a GPU that is no Hopper is a warning where the gate does not ask for keye_sa", () => {
  const gate = { expect: { attentionBackend: null, pageSize: null } };
  expect(visit({ ...poolOf("NVIDIA-A100"), gate }, { nodes: seen([ampere]) })).toEqual([`warning ${dense}`]);
});

test("a node whose labels tell neither family nor compute capability is judged by its product alone", () => {
  const node = labelled({ "nvidia.com/gpu.family": undefined, "nvidia.com/gpu.compute.major": undefined });
  expect(visit({}, { nodes: seen([node]) })).toEqual([]);
});

const assumed = "CUDA 12.9 (assumed of a published image: the base of the branch's Dockerfile)";
const accepted = "535, 550, 565, 570";

describe("a driver", () => {
  test.each([
    { driver: "580", lines: [] },
    { driver: "575", lines: [] },
    {
      driver: "570",
      lines: [
        `note gpu-driver node h800-0: Driver 570; the image has ${assumed}, which came with 575: it runs with limited features, as minor versions are compatible.`,
      ],
    },
    {
      driver: "560",
      lines: [
        `warning gpu-driver node h800-0: Driver 560; the image has ${assumed}, which came with 575. Images made from nvidia/cuda of that release start on older drivers only with ${accepted}.`,
      ],
    },
    {
      driver: "525",
      lines: [
        `warning gpu-driver node h800-0: Driver 525; the image has ${assumed}, which came with 575. Images made from nvidia/cuda of that release start on older drivers only with ${accepted}.`,
      ],
    },
    {
      driver: "520",
      lines: [`error gpu-driver node h800-0: Driver 520; the image has ${assumed}, which runs on 525 or later.`],
    },
    {
      driver: undefined,
      lines: ["note gpu-driver-unknown node h800-0: It has no label nvidia.com/cuda.driver.major."],
    },
  ])("$driver under CUDA 12.9", ({ driver, lines }) => {
    const node = labelled({ "nvidia.com/cuda.driver.major": driver });
    expect(visit({}, { nodes: seen([node]) })).toEqual(lines);
  });

  test("is read from the newer label first", () => {
    const node = labelled({ "nvidia.com/cuda.driver-version.major": "580", "nvidia.com/cuda.driver.major": "1" });
    expect(visit({}, { nodes: seen([node]) })).toEqual([]);
  });
});

describe("GPU memory by the planner", () => {
  test.each([
    { memory: "81559", start: [] },
    {
      memory: "40960",
      start: ["warning gpu-memory pool h800: NVIDIA-H800 (40,960 MiB), tpSize 2: The pool holds"],
    },
    { memory: "32768", start: ["error gpu-memory pool h800: NVIDIA-H800 (32,768 MiB), tpSize 2: The weights take"] },
  ])("$memory MiB", ({ memory, start }) => {
    const found = visit({}, { nodes: seen([labelled({ "nvidia.com/gpu.memory": memory })]) });
    expect(found.filter((line) => line.includes("gpu-memory")).map((line) => line.slice(0, start[0]?.length))).toEqual(
      start,
    );
  });
});

test("an image of unknown size is a note, and its disk is not judged", () => {
  const nodes = seen([offering({ "ephemeral-storage": 90 * gib })]);
  expect(visit({}, { nodes }, {})).toEqual([
    "note image-size-unknown image kwaikeye/kwai-keye-vl: How large it is is not in keye.lock.yaml: whether the nodes' disks hold it is not known.",
  ]);
});

test("weights that an engine downloads to a volume for its cache take no room of the node", () => {
  const engine = { cacheVolume: { kind: "pvc", claim: "cache" } };
  const found = { phase: "Bound", accessModes: ["ReadWriteMany"], size: 100 * gib };
  const facts = {
    nodes: seen([offering({ "ephemeral-storage": 90 * gib })]),
    claims: [{ name: "cache", found: seen(found) }],
  };
  expect(visit({ engine }, facts)).toEqual([]);
});

test("GPUs that are all cut by MIG have another product, and are told as such", () => {
  const node = inPool(labelled({ "nvidia.com/gpu.product": "NVIDIA-H800-MIG-3g.40gb" }));
  expect(visit(poolOf("NVIDIA-H800-MIG-3g.40gb"), { nodes: seen([node]) })).toEqual([
    "error gpu-mig node h800-0: Its GPUs are cut into MIG devices (product NVIDIA-H800-MIG-3g.40gb); wanted whole GPUs: tensor parallelism does not cross MIG devices.",
  ]);
});

test("an API server older than 1.30 is an error", () => {
  expect(visit({}, { serverVersion: "v1.29.8-gke.100" })).toEqual([
    "error server-version API server https://10.0.0.1:6443: It is Kubernetes v1.29.8-gke.100; wanted 1.30 or later, from where on a pod can sleep before it ends, so that no request is sent to an engine that stops.",
  ]);
});
