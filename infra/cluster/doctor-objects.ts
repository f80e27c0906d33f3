import type {
  DoctorClaim,
  DoctorNode,
  DoctorSecret,
  FoundLimits,
  FoundNamespace,
  FoundQuota,
  FoundStorageClass,
} from "../core/doctor-facts.ts";
import { parseQuantity } from "../core/quantity.ts";
import type { Node, ObjectMeta } from "../status/objects.ts";

type Quantities = Readonly<Record<string, string>>;

/** The parts of a Namespace that are read. */
export interface NamespaceObject {
  readonly metadata: ObjectMeta;
  readonly status?: { readonly phase?: string };
}

/** The parts of a ResourceQuota that are read. */
export interface QuotaObject {
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly hard?: Quantities; readonly scopes?: readonly string[]; readonly scopeSelector?: object };
  readonly status?: { readonly used?: Quantities };
}

/** The parts of a LimitRange that are read. */
export interface LimitRangeObject {
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly limits?: readonly {
      readonly type: string;
      readonly max?: Quantities;
      readonly min?: Quantities;
    }[];
  };
}

/** The parts of a StorageClass that are read. */
export interface StorageClassObject {
  readonly metadata: ObjectMeta;
  readonly provisioner: string;
}

/** The parts of a PersistentVolumeClaim that are read. */
export interface ClaimObject {
  readonly spec?: { readonly accessModes?: readonly string[]; readonly resources?: { readonly requests?: Quantities } };
  readonly status?: {
    readonly phase?: string;
    readonly accessModes?: readonly string[];
    readonly capacity?: Quantities;
  };
}

/** The parts of a Secret that are read; its values go no further than the names of their keys. */
export interface SecretObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** In base units. The API server has validated its quantities. */
function numbers(quantities: Quantities = {}): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(quantities).map(([name, text]) => [name, parseQuantity(text) ?? 0]));
}

/** A node with what a stack depends on. */
export function nodeOf({ metadata, spec, status }: Node & KubeletReport): DoctorNode {
  const conditions = status?.conditions ?? [];
  const isTrue = (type: string) => conditions.some((one) => one.type === type && one.status === "True");
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    taints: spec?.taints ?? [],
    allocatable: numbers(status?.allocatable),
    isReady: isTrue("Ready"),
    isUnschedulable: spec?.unschedulable ?? false,
    pressures: ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"].filter(isTrue),
    kubeletVersion: status?.nodeInfo?.kubeletVersion ?? "",
    images: (status?.images ?? []).flatMap((image) => image.names ?? []),
  };
}

interface KubeletReport {
  readonly status?: Node["status"] & { readonly nodeInfo?: { readonly kubeletVersion?: string } };
}

/** A namespace; one that is being deleted takes no new objects. */
export function namespaceOf({ metadata, status }: NamespaceObject): FoundNamespace {
  return { labels: metadata.labels ?? {}, isTerminating: status?.phase === "Terminating" };
}

/** A quota, with whether it counts some pods only. */
export function quotaOf({ metadata, spec, status }: QuotaObject): FoundQuota {
  const isScoped = (spec?.scopes ?? []).length > 0 || spec?.scopeSelector !== undefined;
  return { name: metadata.name, isScoped, hard: numbers(spec?.hard), used: numbers(status?.used) };
}

/** Every item of a LimitRange, each with its name. */
export function limitsOf({ metadata, spec }: LimitRangeObject): readonly FoundLimits[] {
  return (spec?.limits ?? []).map((item) => ({
    name: metadata.name,
    type: item.type,
    max: numbers(item.max),
    min: numbers(item.min),
  }));
}

/** A StorageClass, with whether claims that name none get it. */
export function storageClassOf({ metadata, provisioner }: StorageClassObject): FoundStorageClass {
  const isDefault = metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true";
  return { name: metadata.name, provisioner, isDefault };
}

/** A claim as its volume is, or as it asks to be. */
export function claimOf({ spec, status }: ClaimObject): DoctorClaim {
  const size = status?.capacity?.storage ?? spec?.resources?.requests?.storage ?? "0";
  return {
    phase: status?.phase ?? "Pending",
    accessModes: status?.accessModes ?? spec?.accessModes ?? [],
    size: parseQuantity(size) ?? 0,
  };
}

/** Type and keys of a Secret. */
export function secretOf({ type, data }: SecretObject): DoctorSecret {
  return { type: type ?? "Opaque", keys: Object.keys(data ?? {}).sort() };
}
