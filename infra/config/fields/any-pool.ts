import type { FieldsFor } from "../field.ts";
import type { ExistingPoolConfig, NodePoolConfig } from "../node-pool-config.ts";
import { textRules } from "../text-rules.ts";

type Taint = NodePoolConfig["taints"][number];

/** The settings that every pool has, whoever makes its nodes. */
type CommonPoolFields = Pick<
  FieldsFor<ExistingPoolConfig>,
  "name" | "gpuProducts" | "gpusPerNode" | "labels" | "taints" | "spot" | "rdma" | "topology"
>;

/** The pool of a stack that names none; its values are also the defaults of any other pool. */
export const h800Pool: ExistingPoolConfig = {
  name: "h800",
  provider: "existing",
  selector: { "nvidia.com/gpu.product": "NVIDIA-H800" },
  gpuProducts: ["NVIDIA-H800", "NVIDIA-H800-80GB-HBM3", "NVIDIA-H800-PCIe", "NVIDIA-H800-NVL"],
  gpusPerNode: 8,
  minNodes: 1,
  labels: {},
  taints: [],
  spot: false,
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

const rdmaFields: FieldsFor<NonNullable<NodePoolConfig["rdma"]>> = {
  resource: {
    kind: "text",
    rule: textRules.qualifiedName,
    isRequired: true,
    sentence: "Name of the extended resource, such as rdma/hca.",
  },
  perNode: { kind: "integer", min: 1, max: 1000, default: 1, sentence: "How many of it each node must offer." },
};

const topologyFields: FieldsFor<NonNullable<NodePoolConfig["topology"]>> = {
  label: {
    kind: "text",
    rule: textRules.qualifiedName,
    isRequired: true,
    sentence: "Label that says where a node stands, such as topology.kubernetes.io/zone.",
  },
  values: {
    kind: "texts",
    each: textRules.labelValue,
    min: 1,
    isRequired: true,
    sentence: "Accepted values of that label.",
  },
};

/** Their records. */
export const commonFields: CommonPoolFields = {
  name: {
    kind: "text",
    rule: textRules.dnsLabel,
    isRequired: true,
    sentence: "Name of the pool; its nodes get it as label keye-stack.dev/pool.",
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
  spot: {
    kind: "boolean",
    default: h800Pool.spot,
    sentence: "Whether the cloud may take the nodes back at short notice.",
  },
  rdma: {
    kind: "group",
    isOptional: true,
    fields: rdmaFields,
    sentence: "Extended resource for RDMA that each node must offer; none is looked for where absent.",
  },
  topology: {
    kind: "group",
    isOptional: true,
    fields: topologyFields,
    sentence: "Where the nodes must stand; anywhere where absent.",
  },
};
