import { gpuResource } from "../core/names.ts";
import { simulatedNodeLabel } from "./control-plane/arguments.ts";

/** GPUs of one kind in a node. */
export interface GpuShape {
  /** As GPU feature discovery writes it, such as `NVIDIA-H800`. */
  readonly product: string;
  readonly count: number;
  readonly memoryMiB: number;
  /** @default "hopper" */
  readonly family: string;
  /** Compute capability, such as `9.0`. */
  readonly compute: string;
}

/** Nodes of one shape. Quantities are the API's. */
export interface NodeShape {
  /** Nodes are called `<name>-0`, `<name>-1` and so on. */
  readonly name: string;
  readonly count: number;
  readonly cpu: string;
  readonly memory: string;
  readonly ephemeralStorage: string;
  readonly gpu?: GpuShape;
  /** Added to the standard labels and those of GPU feature discovery. */
  readonly labels: Readonly<Record<string, string>>;
  /** Added to the taint of GPU nodes. */
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
}

/** Two H800 nodes of eight GPUs, and one node without. */
export const defaultNodes: readonly NodeShape[] = [
  {
    name: "h800",
    count: 2,
    cpu: "192",
    memory: "2015Gi",
    ephemeralStorage: "3500Gi",
    gpu: { product: "NVIDIA-H800", count: 8, memoryMiB: 81_559, family: "hopper", compute: "9.0" },
    labels: {},
    taints: [],
  },
  { name: "cpu", count: 1, cpu: "32", memory: "125Gi", ephemeralStorage: "400Gi", labels: {}, taints: [] },
];

/** Where a simulated node's kubelet API is. */
export interface NodeEndpoint {
  readonly address: string;
  readonly port: number;
}

/** The Node objects of the shapes, without status. */
export function nodeManifests(shapes: readonly NodeShape[]) {
  return shapes.flatMap((shape) =>
    Array.from({ length: shape.count }, (_, index) => {
      const name = `${shape.name}-${index}`;
      const taints = [...(shape.gpu === undefined ? [] : [gpuTaint]), ...shape.taints];
      return {
        apiVersion: "v1",
        kind: "Node",
        metadata: {
          name,
          labels: {
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            [simulatedNodeLabel.key]: simulatedNodeLabel.value,
            ...(shape.gpu === undefined ? {} : gpuLabels(shape.gpu)),
            ...shape.labels,
          },
        },
        ...(taints.length === 0 ? {} : { spec: { taints } }),
      };
    }),
  );
}

/** The status of each node of a shape: what it has, and where its kubelet is. The conditions are kwok's. */
export function nodeStatus(shape: NodeShape, at: NodeEndpoint) {
  const resources = {
    cpu: shape.cpu,
    memory: shape.memory,
    "ephemeral-storage": shape.ephemeralStorage,
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    pods: "110",
    ...(shape.gpu === undefined ? {} : { [gpuResource]: String(shape.gpu.count) }),
  };
  return playedStatus({ capacity: resources, allocatable: resources }, at);
}

type Quantities = Readonly<Record<string, string>>;

/** The status of a node that has these resources. The conditions are kwok's. */
export function playedStatus(
  resources: { readonly capacity: Quantities; readonly allocatable: Quantities },
  at: NodeEndpoint,
) {
  return {
    ...resources,
    addresses: [{ type: "InternalIP", address: at.address }],
    daemonEndpoints: { kubeletEndpoint: { Port: at.port } },
    nodeInfo: {
      architecture: "amd64",
      bootID: "",
      containerRuntimeVersion: "containerd://2.1.4",
      kernelVersion: "5.15.0-rehearsal",
      kubeProxyVersion: "",
      kubeletVersion: "v1.36.3",
      machineID: "",
      operatingSystem: "linux",
      osImage: "keye-stack rehearsal",
      systemUUID: "",
    },
  };
}

const gpuTaint = { key: gpuResource, value: "present", effect: "NoSchedule" };

/** @see NVIDIA k8s-device-plugin v0.17 `docs/gpu-feature-discovery`, the generated labels */
function gpuLabels(gpu: GpuShape): Record<string, string> {
  const [major = "", minor = ""] = gpu.compute.split(".");
  return {
    "nvidia.com/gpu.present": "true",
    "nvidia.com/gpu.product": gpu.product,
    "nvidia.com/gpu.count": String(gpu.count),
    "nvidia.com/gpu.memory": String(gpu.memoryMiB),
    "nvidia.com/gpu.family": gpu.family,
    "nvidia.com/gpu.compute.major": major,
    "nvidia.com/gpu.compute.minor": minor,
    "nvidia.com/gpu.replicas": "1",
    "nvidia.com/gpu.sharing-strategy": "none",
    "nvidia.com/mig.strategy": "single",
    "nvidia.com/cuda.driver.major": "570",
    "nvidia.com/cuda.driver.minor": "133",
    "nvidia.com/cuda.driver.rev": "20",
    "nvidia.com/cuda.runtime.major": "12",
    "nvidia.com/cuda.runtime.minor": "8",
  };
}
