import type { Bytes } from "./units.ts";

/** A node as the node pool checks see it. */
export interface PoolNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** `status.allocatable["nvidia.com/gpu"]`; 0 where the device plugin advertises none. */
  readonly allocatableGpus: number;
  /** `status.allocatable.memory`. */
  readonly allocatableMemory: Bytes;
  /** How many of the pool's RDMA resource it offers; absent where the pool names none. */
  readonly allocatableRdma?: number;
  readonly isReady: boolean;
  readonly isUnschedulable: boolean;
}

/** Arguments of the function `rollgate:index:inspectNodes`. */
export interface InspectNodesArgs {
  readonly context?: string;
  readonly pools: readonly {
    readonly name: string;
    readonly selector: Readonly<Record<string, string>>;
    /** Extended resource to count. */
    readonly rdma?: string;
  }[];
  /** Kinds of objects that the cluster must know. @default none */
  readonly kinds?: readonly ObjectKind[];
}

/** A kind of object, such as `karpenter.sh/v1` `NodePool`. */
export interface ObjectKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** What `rollgate:index:inspectNodes` returns: the nodes that each pool's selector finds, sorted by name. */
export interface InspectNodesResult {
  /** UID of the `kube-system` namespace: tells one cluster from another. */
  readonly clusterUid: string;
  /** Such as `v1.36.3`. */
  readonly serverVersion: string;
  readonly pools: readonly { readonly name: string; readonly nodes: readonly PoolNode[] }[];
  /** Those of the kinds that the cluster does not know; absent where none was asked for. */
  readonly missingKinds?: readonly ObjectKind[];
}
