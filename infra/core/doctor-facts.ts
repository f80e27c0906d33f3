import type { ObjectKind } from "./pool-node.ts";
import type { Bytes } from "./units.ts";

/** What was looked up, or the right that was missing to look. */
export type Looked<T> =
  | { readonly kind: "seen"; readonly value: T }
  | { readonly kind: "refused"; readonly subject: string; readonly rule: string; readonly namespace?: string };

/** What a doctor's visit looks up beside the cluster's own state. */
export interface DoctorQuestions {
  readonly namespace: string;
  /** Names in the namespace. */
  readonly claims: readonly string[];
  readonly secrets: readonly string[];
  readonly runtimeClass?: string;
  /** Kinds of objects that the cluster must know. */
  readonly kinds: readonly ObjectKind[];
  readonly rights: readonly AccessQuestion[];
}

/** One thing that the identity must be allowed to do. */
export interface AccessQuestion {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** With its subresource, such as `pods/log`. */
  readonly resource: string;
  /** Absent: cluster-wide. */
  readonly namespace?: string;
  readonly name?: string;
}

/** A question, and what the API server answered. */
export interface AccessAnswer extends AccessQuestion {
  readonly isAllowed: boolean;
}

/** The state of a cluster as far as one stack depends on it. Holds no value of a Secret. */
export interface DoctorFacts {
  /** URL of the API server. */
  readonly server: string;
  /** Such as `v1.36.3`. */
  readonly serverVersion: string;
  readonly nodes: Looked<readonly DoctorNode[]>;
  /** Undefined: there is none of that name. */
  readonly namespace: Looked<FoundNamespace | undefined>;
  readonly quotas: Looked<readonly FoundQuota[]>;
  readonly limitRanges: Looked<readonly FoundLimits[]>;
  readonly storageClasses: Looked<readonly FoundStorageClass[]>;
  /** One for each name that was asked for, in that order. */
  readonly claims: readonly Named<DoctorClaim>[];
  readonly secrets: readonly Named<DoctorSecret>[];
  /** Whether it exists; absent where none was asked for. */
  readonly runtimeClass?: Looked<boolean>;
  /** Those of the kinds that the cluster does not know. */
  readonly missingKinds: readonly ObjectKind[];
  readonly access: Looked<readonly AccessAnswer[]>;
}

/** What was found under a name. */
export interface Named<T> {
  readonly name: string;
  readonly found: Looked<T | undefined>;
}

/** A node as far as an engine depends on it. */
export interface DoctorNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  /** `status.allocatable` in base units: cores, bytes, pieces. */
  readonly allocatable: Readonly<Record<string, number>>;
  readonly isReady: boolean;
  readonly isUnschedulable: boolean;
  /** Types of the pressure conditions that are true, such as `DiskPressure`. */
  readonly pressures: readonly string[];
  /** Such as `v1.34.2`. */
  readonly kubeletVersion: string;
  /** Names, with their digests, of the images that the node says it has. */
  readonly images: readonly string[];
}

/** The stack's namespace. */
export interface FoundNamespace {
  readonly labels: Readonly<Record<string, string>>;
  readonly isTerminating: boolean;
}

/** A ResourceQuota of the namespace. */
export interface FoundQuota {
  readonly name: string;
  /** Counts some pods only. */
  readonly isScoped: boolean;
  /** In base units. */
  readonly hard: Readonly<Record<string, number>>;
  readonly used: Readonly<Record<string, number>>;
}

/** One item of a LimitRange. */
export interface FoundLimits {
  /** Name of the LimitRange. */
  readonly name: string;
  readonly type: string;
  /** In base units. */
  readonly max: Readonly<Record<string, number>>;
  readonly min: Readonly<Record<string, number>>;
}

/** A StorageClass of the cluster. */
export interface FoundStorageClass {
  readonly name: string;
  readonly provisioner: string;
  readonly isDefault: boolean;
}

/** A PersistentVolumeClaim that exists. */
export interface DoctorClaim {
  /** `Pending`, `Bound` or `Lost`. */
  readonly phase: string;
  /** Of the volume that it is bound to, else those that it asks for. */
  readonly accessModes: readonly string[];
  /** Of the volume that it is bound to, else what it asks for. */
  readonly size: Bytes;
}

/** A Secret that exists, without its values. */
export interface DoctorSecret {
  readonly type: string;
  readonly keys: readonly string[];
}
