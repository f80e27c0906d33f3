import type { FieldsFor } from "../field.ts";
import type { NodePoolConfig, StackConfig } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";

type Taint = NodePoolConfig["taints"][number];

/** The pool of a stack that names none; its values are also the defaults of any other pool. */
const h800Pool: NodePoolConfig = {
  name: "h800",
  provider: "existing",
  selector: { "nvidia.com/gpu.product": "NVIDIA-H800" },
  gpuProducts: ["NVIDIA-H800", "NVIDIA-H800-80GB-HBM3", "NVIDIA-H800-PCIe", "NVIDIA-H800-NVL"],
  gpusPerNode: 8,
  minNodes: 1,
  labels: {},
  taints: [],
};

const taintFields: FieldsFor<Taint> = {
  key: { kind: "text", rule: textRules.qualifiedName, isRequired: true, sentence: "Key of the taint." },
  value: { kind: "text", rule: textRules.labelValue, isOptional: true, sentence: "Value of the taint." },
  effect: {
    kind: "choice",
    of: ["NoSchedule", "PreferNoSchedule", "NoExecute"],
    isRequired: true,
    sentence: "What happens to pods that do not tolerate the taint.",
  },
};

const poolFields: FieldsFor<NodePoolConfig> = {
  name: {
    kind: "text",
    rule: textRules.dnsLabel,
    isRequired: true,
    sentence: "Name of the pool; its nodes get it as label keye-stack.dev/pool.",
  },
  provider: {
    kind: "choice",
    of: ["existing"],
    default: h800Pool.provider,
    sentence: "How the nodes come to be: existing adopts nodes that are in the cluster.",
    hint: "This version adopts existing nodes only.",
  },
  selector: {
    kind: "map",
    keys: textRules.qualifiedName,
    values: textRules.labelValue,
    min: 1,
    default: h800Pool.selector,
    sentence: "Labels that find the pool's nodes; a node must have all of them.",
    hint: "An empty selector would adopt every node of the cluster.",
  },
  gpuProducts: {
    kind: "texts",
    each: textRules.labelValue,
    min: 1,
    default: h800Pool.gpuProducts,
    sentence: "Accepted values of the node label nvidia.com/gpu.product.",
    hint: "Read the names in your cluster: kubectl get nodes -L nvidia.com/gpu.product",
    source: "names of NVIDIA/open-gpu-kernel-modules, README.md; form of NVIDIA/gpu-feature-discovery",
  },
  gpusPerNode: {
    kind: "integer",
    min: 1,
    max: 16,
    unit: "GPUs",
    default: h800Pool.gpusPerNode,
    sentence: "GPUs that each node must offer.",
  },
  minNodes: {
    kind: "integer",
    min: 1,
    max: 1000,
    unit: "nodes",
    default: h800Pool.minNodes,
    sentence: "Nodes that the selector must find before anything is created.",
  },
  labels: {
    kind: "map",
    keys: textRules.qualifiedName,
    values: textRules.labelValue,
    default: h800Pool.labels,
    sentence: "Further labels to put on the pool's nodes.",
  },
  taints: {
    kind: "groups",
    entry: "taint",
    fields: taintFields,
    min: 0,
    max: 20,
    default: h800Pool.taints,
    sentence: "Taints to put on the pool's nodes.",
  },
};

/** The record of `nodePools`. */
export const nodePoolsField: FieldsFor<StackConfig>["nodePools"] = {
  kind: "groups",
  entry: "node pool",
  fields: poolFields,
  min: 1,
  max: 10,
  default: [h800Pool],
  sentence: "Machines that engines may run on, one entry for each shape.",
};
