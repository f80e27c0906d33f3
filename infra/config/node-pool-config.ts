import type { Seconds } from "../core/units.ts";

export type NodePoolConfig = ExistingPoolConfig | KarpenterPoolConfig | ClusterApiPoolConfig | AlicloudPoolConfig;

interface AnyPool {
  readonly name: string;
  /** Accepted values of `nvidia.com/gpu.product`. */
  readonly gpuProducts: readonly string[];
  readonly gpusPerNode: number;
  /** Labels to put on the nodes, beside that of the pool. */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly {
    readonly key: string;
    readonly value?: string;
    readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  }[];
  /** Whether the cloud may take the nodes back at short notice. */
  readonly spot: boolean;
  /** Extended resource for RDMA that every node must offer. */
  readonly rdma?: { readonly resource: string; readonly perNode: number };
  /** Where the nodes stand: a node label, and its accepted values. */
  readonly topology?: { readonly label: string; readonly values: readonly string[] };
}

/** Nodes that are in the cluster: found, checked and marked. */
export interface ExistingPoolConfig extends AnyPool {
  readonly provider: "existing";
  /** Labels that find the nodes. */
  readonly selector: Readonly<Record<string, string>>;
  readonly minNodes: number;
}

/** What a pool says whose nodes come when pods wait for them. */
interface ElasticPool extends AnyPool {
  readonly maxNodes: number;
  /** From a pod that finds no room until a new node offers its GPUs. */
  readonly nodeStartSeconds: Seconds;
}

/** Nodes that Karpenter makes. */
export interface KarpenterPoolConfig extends ElasticPool {
  readonly provider: "karpenter";
  /** The cloud's own class of nodes, which exists. */
  readonly nodeClass: { readonly group: string; readonly kind: string; readonly name: string };
  /** Values of `node.kubernetes.io/instance-type`. */
  readonly instanceTypes: readonly string[];
  /** Further requirements on the nodes, as Karpenter has them. */
  readonly requirements: readonly {
    readonly key: string;
    readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
    readonly values: readonly string[];
  }[];
  /** How long a node must have been empty before it goes. */
  readonly emptySeconds: Seconds;
}

/** Nodes that Cluster API makes, as many as the cluster autoscaler wants. */
export interface ClusterApiPoolConfig extends ElasticPool {
  readonly provider: "clusterApi";
  /** What makes the machines: Cluster API one by one, or the infrastructure's own scaling group. */
  readonly kind: "MachineDeployment" | "MachinePool";
  readonly minNodes: number;
  /** Namespace of the object that is made and of all that it refers to. */
  readonly namespace: string;
  readonly clusterName: string;
  /** Kubernetes version of the nodes; what is referred to brings it where absent. */
  readonly version?: string;
  readonly failureDomain?: string;
  /** A template for a MachineDeployment, the object itself for a MachinePool; `infrastructure` likewise. */
  readonly bootstrap: ObjectRef;
  readonly infrastructure: ObjectRef;
  /** What a node offers beside its GPUs, as Kubernetes quantities: the autoscaler cannot see it while there is none. */
  readonly capacity: { readonly cpu: string; readonly memory: string; readonly ephemeralStorage: string };
}

/** Nodes of an ACK node pool that this stack makes: Alibaba Cloud scales it between its sizes. */
export interface AlicloudPoolConfig extends ElasticPool {
  readonly provider: "alicloud";
  readonly minNodes: number;
  /** Id of the ACK cluster, which exists. */
  readonly clusterId: string;
  readonly vswitchIds: readonly string[];
  /** ECS instance types, tried in this order. */
  readonly instanceTypes: readonly string[];
  readonly systemDisk: { readonly category: string; readonly sizeGiB: number };
  /** ACK's own choice where absent. */
  readonly imageType?: string;
  /** Name of the key pair to log in with; none where absent. */
  readonly keyName?: string;
}

/** An object that exists, as Cluster API refers to it. */
export interface ObjectRef {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
}
