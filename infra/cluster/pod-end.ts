import type { Clock } from "../core/clock.ts";
import type { Pod } from "../status/objects.ts";
import type { ApiClient } from "./api-client.ts";
import { collectionPath } from "./api-paths.ts";
import { followObjects } from "./resources.ts";

/** Which pod to follow, and how. */
export interface PodEndOptions {
  readonly namespace: string;
  readonly name: string;
  readonly clock: Clock;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * Resolves with the reason, as a sentence's part, when a container of the pod that is there now ends or the pod is gone;
 * with undefined when `signal` aborts. Rejects where pods may not be watched.
 */
export async function podEnd(client: ApiClient, options: PodEndOptions): Promise<string | undefined> {
  const { namespace, name, clock, signal } = options;
  const seen = new AbortController();
  let first: Pod | undefined;
  let reason: string | undefined;
  const end = (why: string) => {
    reason ??= why;
    seen.abort();
  };
  const query = { fieldSelector: `metadata.name=${name}` };
  const both = AbortSignal.any([signal, seen.signal]);
  const path = collectionPath("pods", namespace);
  await followObjects<Pod & { metadata: { name: string } }>(client, { path, query, clock, signal: both }, (change) => {
    if (change.kind === "synced" || change.object.metadata.name !== name) return;
    if (change.kind === "gone") return end("the pod is gone");
    first ??= change.object;
    const ended = endedSince(first, change.object);
    if (ended !== undefined) end(ended);
  });
  return reason;
}

function endedSince(first: Pod, now: Pod): string | undefined {
  if (first.metadata.uid !== now.metadata.uid) return "the pod was replaced";
  const before = first.status?.containerStatuses ?? [];
  for (const { name, restartCount, state, lastState } of now.status?.containerStatuses ?? []) {
    const then = before.find((one) => one.name === name);
    const hasEnded = state?.terminated !== undefined && then?.state?.terminated === undefined;
    if (!hasEnded && restartCount <= (then?.restartCount ?? 0)) continue;
    const { exitCode, reason = "ended" } = state?.terminated ?? lastState?.terminated ?? {};
    return `container ${name} has ended (${reason}${exitCode === undefined ? "" : `, exit code ${exitCode}`})`;
  }
  return undefined;
}
