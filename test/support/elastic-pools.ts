import { stackConfig } from "./stack-config.ts";

/** Settings of a pool that Karpenter makes: what must be given, and nothing else. */
export const karpenterPool = {
  name: "h800",
  provider: "karpenter",
  maxNodes: 4,
  nodeClass: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "gpu" },
  instanceTypes: ["p5.48xlarge"],
} as const;

/** Settings of a pool that Cluster API makes: what must be given, and nothing else. */
export const clusterApiPool = {
  name: "h800",
  provider: "clusterApi",
  maxNodes: 4,
  namespace: "clusters",
  clusterName: "gpu",
  bootstrap: { apiGroup: "bootstrap.cluster.x-k8s.io", kind: "KubeadmConfigTemplate", name: "h800" },
  infrastructure: { apiGroup: "infrastructure.cluster.x-k8s.io", kind: "Metal3MachineTemplate", name: "h800" },
  capacity: { cpu: "128", memory: "1536Gi", ephemeralStorage: "2Ti" },
} as const;

/** The same as a MachinePool, which refers to objects of its own. */
export const machinePool = {
  ...clusterApiPool,
  kind: "MachinePool",
  bootstrap: { apiGroup: "bootstrap.cluster.x-k8s.io", kind: "KubeadmConfig", name: "h800" },
  infrastructure: { apiGroup: "infrastructure.cluster.x-k8s.io", kind: "AWSMachinePool", name: "h800" },
} as const;

/** Settings of a pool that Alibaba Cloud makes: what must be given, and nothing else. */
export const alicloudPool = {
  name: "h800",
  provider: "alicloud",
  maxNodes: 4,
  clusterId: "c0123456789abcdef",
  vswitchIds: ["vsw-1"],
  instanceTypes: ["ecs.ebmgn7ex.32xlarge"],
} as const;

/** Taints of both forms. */
export const bothTaints = [
  { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" },
  { key: "example.com/dedicated", effect: "NoExecute" },
] as const;

/** The pools as the parser gives them. */
export function parsedPools(...nodePools: readonly object[]) {
  return stackConfig({ nodePools }).nodePools;
}
