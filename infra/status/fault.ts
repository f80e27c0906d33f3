import type { ErrorCode } from "../core/errors.ts";
import type { Seconds } from "../core/units.ts";

/** Something that keeps a pod, or a whole revision, from becoming ready and that time alone does not mend. */
export interface Fault {
  readonly code: ErrorCode;
  /** What happened, quoting the cluster or the engine; redacted; a full sentence. */
  readonly reason: string;
  /** What to turn, where that is known. A full sentence. */
  readonly cure?: string;
  /** The pod, or the Deployment where no pod exists. */
  readonly where: string;
  /** How long it must last before it is a verdict: some faults mend themselves. 0: at once. */
  readonly verdictAfterSeconds: Seconds;
  /** How many pods of the revision may suffer it before it is a verdict: the cluster replaces such pods by itself. */
  readonly tolerated: number;
  /** Set where a pod of a group has ended: the others end of it. */
  readonly ending?: GroupEnding;
}

/** The end of one pod of a group. */
export interface GroupEnding {
  /** Tells groups apart. */
  readonly group: string;
  /** RFC 3339, to the second; absent where nobody saw it. */
  readonly at?: string;
  /** Whether the pod says itself that it ended of another one. */
  readonly isEcho: boolean;
}

/** How long each kind of fault is watched before it is a verdict. */
export const faultWaits = {
  /** A registry that answers slowly or not at all. */
  imageSeconds: 60,
  /** A ConfigMap or Secret that is about to be created. */
  configSeconds: 30,
  /** A volume that is still attached elsewhere. */
  mountSeconds: 120,
  /** Room that a leaving pod or an autoscaler is about to make. */
  unschedulableSeconds: 90,
  /** A FailedCreate event without the Deployment's own condition may be an old one. */
  quotaEventSeconds: 30,
} as const;
