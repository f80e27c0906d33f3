import type { StackConfig } from "../../config/stack-config.ts";
import type { DoctorFacts } from "../../core/doctor-facts.ts";
import type { Bytes } from "../../core/units.ts";

/** How bad a finding is: an error stops a rollout, a warning may, a note is to be known. The worst first. */
export const severities = ["error", "warning", "note"] as const;

/** One of {@link severities}. */
export type Severity = (typeof severities)[number];

/** What a finding is about, in the order in which findings are shown. */
export const findingClasses = [
  "version",
  "access",
  "namespace",
  "nodes",
  "gpus",
  "storage",
  "references",
  "network",
] as const;

/** One of {@link findingClasses}. */
export type FindingClass = (typeof findingClasses)[number];

/** Name of each finding with its class. Names stay: pipelines may wait for them. */
export const findingIds = {
  "server-version": "version",
  "kubelet-version": "version",
  "right-missing": "access",
  "not-looked-at": "access",
  "namespace-missing": "namespace",
  "namespace-terminating": "namespace",
  "pod-security": "namespace",
  quota: "namespace",
  "quota-next-rollout": "namespace",
  "quota-scoped": "namespace",
  "limit-range": "namespace",
  "pool-mismatch": "nodes",
  "pool-may-grow": "nodes",
  "node-not-usable": "nodes",
  "node-pressure": "nodes",
  "node-cpu": "nodes",
  "node-storage": "nodes",
  "image-size-unknown": "nodes",
  "device-plugin-missing": "gpus",
  "gpu-unhealthy": "gpus",
  "gpu-not-hopper": "gpus",
  "gpu-mig": "gpus",
  "gpu-shared": "gpus",
  "gpu-driver": "gpus",
  "gpu-driver-unknown": "gpus",
  "gpu-memory": "gpus",
  "storage-class-missing": "storage",
  "storage-class-access": "storage",
  "storage-class-unknown": "storage",
  "claim-mismatch": "storage",
  "claim-not-bound": "storage",
  "claim-too-small": "storage",
  "secret-missing": "references",
  "secret-key-missing": "references",
  "secret-type": "references",
  "runtime-class-missing": "references",
  egress: "network",
} as const satisfies Readonly<Record<string, FindingClass>>;

/** One of {@link findingIds}. */
export type FindingId = keyof typeof findingIds;

/** One thing that is wrong, or worth knowing, about a stack on a cluster. */
export interface Finding {
  readonly id: FindingId;
  readonly severity: Severity;
  /** The object: `node h800-0`, `namespace keye`, `claim keye-weights`. */
  readonly where: string;
  /** Got and wanted, in one or two sentences that do not name the place again. */
  readonly what: string;
  readonly cure: string;
}

/** All that the checks go by. */
export interface Patient {
  readonly config: StackConfig;
  /** The image that nodes pull, and how much that is; absent where the lock does not know the image. */
  readonly image?: { readonly digest: string; readonly bytes?: Bytes };
  readonly facts: DoctorFacts;
}

/** One rule: what it finds on a cluster. Pure. */
export type Check = (patient: Patient) => readonly Finding[];
