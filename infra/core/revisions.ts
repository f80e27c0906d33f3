import type { ObjectKind } from "./pool-node.ts";

/** Arguments of the function `rollgate:index:inspectRevisions`. */
export interface InspectRevisionsArgs {
  /** kubeconfig context; the current one where absent. */
  readonly context?: string;
  readonly namespace: string;
  readonly app: string;
  /** The revision that the settings describe: it is declared in full, and left out of the answer. */
  readonly target: string;
  /** How many revisions are wanted at most. */
  readonly atMost: number;
}

/** An earlier revision that has been promoted and whose objects are still there. */
export interface KeptRevision {
  readonly revision: string;
  /** What stands under the revision's own name. */
  readonly objects: readonly (ObjectKind & { readonly name: string })[];
}

/** What `rollgate:index:inspectRevisions` returns. */
export interface InspectRevisionsResult {
  /** Last promoted first. */
  readonly promoted: readonly KeptRevision[];
  /** Names of the LeaderWorkerSets of revisions other than the target, promoted or not; sorted. */
  readonly groups: readonly string[];
}
