import { revisionLabel, workerLabel } from "../core/names.ts";
import type { ObjectMeta, Pod } from "./objects.ts";

/** Labels and annotations that the LeaderWorkerSet controller puts on pods (sigs.k8s.io/lws v0.8.0, api/leaderworkerset/v1). */
const setName = "leaderworkerset.sigs.k8s.io/name";
const groupIndex = "leaderworkerset.sigs.k8s.io/group-index";
const groupSize = "leaderworkerset.sigs.k8s.io/size";

/** The revision that an object belongs to, by its labels. */
export function revisionOf({ metadata: { labels = {} } }: { readonly metadata: ObjectMeta }): string | undefined {
  return labels[revisionLabel] ?? labels[workerLabel];
}

/** Whether a pod is one of a group and does not lead it. */
export function isWorker(pod: Pod): boolean {
  return pod.metadata.labels?.[workerLabel] !== undefined;
}

/** Whether a pod is one of a group, which is made anew as a whole when a container of it restarts. */
export function isOfGroup(pod: Pod): boolean {
  return pod.metadata.labels?.[setName] !== undefined;
}

/** How many pods a replica is: what its leader says, 1 where it is no group. */
export function groupSizeOf(pod: Pod): number {
  return Number(pod.metadata.annotations?.[groupSize] ?? 1);
}

/**
 * One pod for each replica: a pod by itself, or the leader of a group with the other pods in `workers`. Workers that are on
 * their way out belong to no group any more.
 */
export function replicaPods(pods: readonly Pod[]): Pod[] {
  const workers = Map.groupBy(pods.filter(isStaying).filter(isWorker), groupOf);
  return pods
    .filter((pod) => !isWorker(pod))
    .map((pod) => (isOfGroup(pod) ? { ...pod, workers: workers.get(groupOf(pod)) ?? [] } : pod));
}

/** Tells the groups of one namespace apart. */
export function groupOf({ metadata: { labels = {} } }: Pod): string {
  return `${labels[setName]}/${labels[groupIndex]}`;
}

function isStaying({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== "Failed" && status?.phase !== "Succeeded";
}
