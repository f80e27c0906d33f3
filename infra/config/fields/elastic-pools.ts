import type { FieldsFor } from "../field.ts";
import type { AlicloudPoolConfig, ClusterApiPoolConfig, KarpenterPoolConfig, ObjectRef } from "../node-pool-config.ts";
import { textRules } from "../text-rules.ts";
import { commonFields } from "./any-pool.ts";

const elasticFields: Pick<FieldsFor<KarpenterPoolConfig>, "maxNodes" | "nodeStartSeconds"> = {
  maxNodes: {
    kind: "integer",
    min: 1,
    max: 1000,
    unit: "nodes",
    isRequired: true,
    sentence: "Nodes that the pool may have at most.",
  },
  nodeStartSeconds: {
    kind: "integer",
    min: 60,
    max: 14_400,
    unit: "seconds",
    default: 1200,
    sentence: "From a pod that finds no room until a new node offers its GPUs: so long a pod may wait for a node.",
  },
};

const apiGroup = {
  kind: "text",
  rule: textRules.apiGroup,
  isRequired: true,
} as const;

/** A setting of the kind of an object, such as MachinePool. */
const objectKind = { kind: "text", rule: textRules.objectKind, isRequired: true } as const;

const objectName = { kind: "text", rule: textRules.objectName, isRequired: true } as const;

const requirementFields: FieldsFor<KarpenterPoolConfig["requirements"][number]> = {
  key: {
    kind: "text",
    rule: textRules.qualifiedName,
    isRequired: true,
    sentence: "Label that the requirement is about, such as karpenter.k8s.aws/instance-gpu-name.",
  },
  operator: {
    kind: "choice",
    of: ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"],
    default: "In",
    sentence: "How the label relates to the values.",
  },
  values: {
    kind: "texts",
    each: textRules.labelValue,
    default: [],
    sentence: "Values: one whole number for Gt and Lt, none for Exists and DoesNotExist.",
  },
};

/** The settings of a pool that Karpenter makes. */
export const karpenterFields: FieldsFor<Omit<KarpenterPoolConfig, "provider">> = {
  ...commonFields,
  ...elasticFields,
  nodeClass: {
    kind: "group",
    sentence: "The cloud's own class of nodes, which exists already.",
    fields: {
      group: { ...apiGroup, sentence: "API group of the class, such as karpenter.k8s.aws." },
      kind: { ...objectKind, sentence: "Kind of the class, such as EC2NodeClass." },
      name: { ...objectName, sentence: "Name of the class." },
    },
  },
  instanceTypes: {
    kind: "texts",
    each: textRules.labelValue,
    min: 1,
    isRequired: true,
    sentence: "Accepted values of the node label node.kubernetes.io/instance-type: machines with the pool's GPUs.",
    hint: "Karpenter cannot choose by GPU product: that label is not known before the node runs.",
  },
  requirements: {
    kind: "groups",
    entry: "requirement",
    fields: requirementFields,
    min: 0,
    max: 50,
    default: [],
    sentence: "Further requirements on the nodes.",
  },
  emptySeconds: {
    kind: "integer",
    min: 60,
    max: 604_800,
    unit: "seconds",
    default: 1800,
    sentence: "How long a node must have been without pods before it goes.",
  },
};

function referenceFields(what: string, template: string, own: string): FieldsFor<ObjectRef> {
  return {
    apiGroup: { ...apiGroup, sentence: `API group of the ${what} object.` },
    kind: {
      ...objectKind,
      sentence: `Its kind, such as ${template} for a MachineDeployment, ${own} for a MachinePool.`,
    },
    name: { ...objectName, sentence: `Name of the ${what} object.` },
  };
}

/** The settings of a pool that Cluster API makes. */
export const clusterApiFields: FieldsFor<Omit<ClusterApiPoolConfig, "provider">> = {
  ...commonFields,
  name: {
    ...commonFields.name,
    sentence: "Name of the pool; its nodes get it as label keye-stack.node.cluster.x-k8s.io/pool.",
  },
  labels: {
    ...commonFields.labels,
    sentence: "Further labels of the pool's nodes, with keys that Cluster API hands on from machines to nodes.",
  },
  taints: {
    ...commonFields.taints,
    sentence: "Taints that the bootstrap puts on the pool's nodes.",
  },
  kind: {
    kind: "choice",
    of: ["MachineDeployment", "MachinePool"],
    default: "MachineDeployment",
    sentence: "What is made: machines that Cluster API makes one by one, or a scaling group of the infrastructure.",
  },
  minNodes: {
    kind: "integer",
    min: 0,
    max: 1000,
    unit: "nodes",
    default: 0,
    sentence: "Nodes that the autoscaler leaves at least, and that a new pool begins with.",
  },
  ...elasticFields,
  namespace: {
    kind: "text",
    rule: textRules.dnsLabel,
    isRequired: true,
    sentence: "Namespace of the Cluster, of what is referred to, and of what is made.",
  },
  clusterName: { ...objectName, rule: textRules.dnsName, sentence: "Name of the Cluster that the nodes join." },
  version: {
    kind: "text",
    rule: textRules.word,
    isOptional: true,
    sentence: "Kubernetes version of the nodes, such as v1.36.3.",
  },
  failureDomain: {
    kind: "text",
    rule: textRules.word,
    isOptional: true,
    sentence: "Failure domain of the infrastructure that the nodes are made in.",
  },
  bootstrap: {
    kind: "group",
    sentence: "What turns a machine into a node, a template for a MachineDeployment. It also sets the pool's taints.",
    fields: referenceFields("bootstrap", "KubeadmConfigTemplate", "KubeadmConfig"),
  },
  infrastructure: {
    kind: "group",
    sentence: "What the machines are, a template for a MachineDeployment.",
    fields: referenceFields("infrastructure", "AWSMachineTemplate", "AWSMachinePool"),
  },
  capacity: {
    kind: "group",
    sentence: "What a node offers beside its GPUs: the autoscaler cannot see it while the pool is empty.",
    fields: {
      cpu: { kind: "quantity", min: "1", isRequired: true, sentence: "CPU of a node." },
      memory: { kind: "quantity", min: "1Gi", isRequired: true, sentence: "Memory of a node." },
      ephemeralStorage: { kind: "quantity", min: "1Gi", isRequired: true, sentence: "Local disk of a node." },
    },
  },
};

/** The settings of a pool that Alibaba Cloud makes. */
export const alicloudFields: FieldsFor<Omit<AlicloudPoolConfig, "provider">> = {
  ...commonFields,
  minNodes: {
    kind: "integer",
    min: 0,
    max: 1000,
    unit: "nodes",
    default: 0,
    sentence: "Nodes that ACK leaves at least. The same as maxNodes: the pool has this size and is not scaled.",
  },
  ...elasticFields,
  clusterId: { kind: "text", rule: textRules.word, isRequired: true, sentence: "Id of the ACK cluster." },
  vswitchIds: {
    kind: "texts",
    each: textRules.word,
    min: 1,
    isRequired: true,
    sentence: "Ids of the vSwitches that the nodes are put in.",
  },
  instanceTypes: {
    kind: "texts",
    each: textRules.word,
    min: 1,
    isRequired: true,
    sentence: "ECS instance types with the pool's GPUs, tried in this order.",
  },
  systemDisk: {
    kind: "group",
    sentence: "Disk of each node, which holds the images.",
    fields: {
      category: { kind: "text", rule: textRules.word, default: "cloud_essd", sentence: "ECS disk category." },
      sizeGiB: {
        kind: "integer",
        min: 40,
        max: 2048,
        unit: "GiB",
        default: 500,
        sentence: "Its size: the engine's image twice, its logs and caches.",
      },
    },
  },
  imageType: {
    kind: "text",
    rule: textRules.word,
    isOptional: true,
    sentence: "Operating system as ACK names it, such as AliyunLinux3.",
  },
  keyName: { kind: "text", rule: textRules.word, isOptional: true, sentence: "Key pair to log in with." },
};
