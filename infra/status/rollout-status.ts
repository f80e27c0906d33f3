import type { Deployment } from "./objects.ts";

/** Whether a Deployment has arrived at what was asked of it, and if not, what is missing. */
export type RolloutStatus = { readonly isDone: true } | { readonly isDone: false; readonly missing: string };

/**
 * Judges a Deployment: its controller has seen the newest spec, every replica is of the newest template, as many as
 * wanted are available, and none of an older template is left. Ready pods alone may be the old template's.
 */
export function rolloutStatus(deployment: Deployment): RolloutStatus {
  const { metadata, spec, status } = deployment;
  const wanted = spec.replicas ?? 1;
  const total = status?.replicas ?? 0;
  const updated = status?.updatedReplicas ?? 0;
  const available = status?.availableReplicas ?? 0;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return missing("the Deployment controller has not seen the newest spec yet");
  }
  if (updated < wanted) return missing(`${updated} of ${wanted} replicas are of the newest template`);
  if (total > updated) return missing(`${total - updated} replicas of an older template are left`);
  if (available < wanted) return missing(`${available} of ${wanted} replicas are available`);
  return { isDone: true };
}

function missing(what: string): RolloutStatus {
  return { isDone: false, missing: what };
}
