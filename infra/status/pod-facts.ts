import { engineContainer } from "../core/names.ts";
import { groupSizeOf } from "./groups.ts";
import type { Condition, ContainerState, ContainerStatus, ContainerTermination, Event, Pod } from "./objects.ts";

/** The condition of that type, if the pod has it. */
export function conditionOf(pod: Pod, type: string): Condition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

/** True while the kubelet's readiness probe passes and the pod is not leaving; of a group, for each of its pods. */
export function isReady(pod: Pod): boolean {
  const isOwn = conditionOf(pod, "Ready")?.status === "True" && !isTerminating(pod);
  if (pod.workers === undefined) return isOwn;
  return isOwn && pod.workers.length === groupSizeOf(pod) - 1 && pod.workers.every(isReady);
}

/** True once the scheduler has found it a node. */
export function isPlaced({ spec }: Pod): boolean {
  return spec?.nodeName !== undefined;
}

/** True once the pod has been asked to end. */
export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** True once the pod holds no resources any more: it has ended, and its kubelet will not start it again. */
export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded";
}

/** The engine's container status; the first container's where none has the engine's name. */
export function engineStatus(pod: Pod): ContainerStatus | undefined {
  const statuses = pod.status?.containerStatuses ?? [];
  return statuses.find((status) => status.name === engineContainer) ?? statuses[0];
}

/** Restarts of all containers of the pod. */
export function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0);
}

/** How the engine's process last ended, if it ever did. */
export function lastTermination(pod: Pod): ContainerTermination | undefined {
  const status = engineStatus(pod);
  return status?.state?.terminated ?? status?.lastState?.terminated;
}

/** When the engine's process first ended, as far as the pod still tells; undefined where it never did. */
export function firstEndOf(pod: Pod): string | undefined {
  const status = engineStatus(pod);
  return (status?.lastState?.terminated ?? status?.state?.terminated)?.finishedAt;
}

/** The first container that waits for a reason other than its turn, init containers first. */
export function waitingContainer(
  pod: Pod,
): { readonly name: string; readonly waiting: NonNullable<ContainerState["waiting"]> } | undefined {
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const status of all) {
    const waiting = status.state?.waiting;
    if (waiting !== undefined && waiting.reason !== "PodInitializing") return { name: status.name, waiting };
  }
  return undefined;
}

/** The newest event of a pod with one of these reasons. */
export function lastEvent(pod: Pod, events: readonly Event[], reasons: readonly string[]): Event | undefined {
  return events.findLast(
    (event) =>
      reasons.includes(event.reason ?? "") &&
      (event.involvedObject.uid === undefined
        ? event.involvedObject.name === pod.metadata.name
        : event.involvedObject.uid === pod.metadata.uid),
  );
}

/**
 * What identifies one life of a pod's processes: its UID and its restarts, and those of each pod of the group that it leads.
 * A proof holds for exactly one life.
 *
 * Empty UIDs do not occur in a real cluster; they would make no two pods equal here.
 */
export function lifeOf(pod: Pod): string {
  const own = `${pod.metadata.uid ?? `no-uid:${pod.metadata.name}`}/${restartsOf(pod)}`;
  return [own, ...(pod.workers ?? []).map(lifeOf).sort()].join("+");
}
