import type { Fault } from "./fault.ts";
import type { Event } from "./objects.ts";

/** The fault to name where several pods of a group have ended. */
export interface FirstFailure {
  readonly fault: Fault;
  /** Whether the cluster or the logs tell that it was the first. True where no other pod of the group has ended. */
  readonly isTold: boolean;
}

/**
 * The first of the group that `due` is of: pods of a group end of one another within moments, and only the first has a cause
 * of its own. What a pod says of itself counts before the time of its end, which is known to the second alone, and that before
 * the controller's word.
 */
export function firstFailure(due: Fault, others: readonly Fault[], events: readonly Event[]): FirstFailure {
  const rivals = others.filter(
    ({ where, ending }) => where !== due.where && ending !== undefined && ending.group === due.ending?.group,
  );
  const fault = rivals.reduce((first, rival) => (order(rival, first, events) < 0 ? rival : first), due);
  const isTold = [due, ...rivals].every((other) => other.where === fault.where || order(fault, other, events) < 0);
  return { fault, isTold };
}

/** Negative where `one` failed before `other`, 0 where nothing tells. */
function order(one: Fault, other: Fault, events: readonly Event[]): number {
  const byEcho = Number(one.ending?.isEcho) - Number(other.ending?.isEcho);
  if (byEcho !== 0) return byEcho;
  const byTime = timeOf(one.ending?.at) - timeOf(other.ending?.at);
  // Not a number where one of the times is not known.
  if (byTime < 0 || byTime > 0) return byTime;
  const byController = Number(isBlamed(other, events)) - Number(isBlamed(one, events));
  // A log that tells of a cause of its own says more than none.
  return byController === 0 ? one.tolerated - other.tolerated : byController;
}

function isBlamed({ where, ending }: Fault, events: readonly Event[]): boolean {
  const event = blameOf(where.replace(/^pod\//, ""), events);
  // An event may be left of an earlier end of a pod of the same name.
  return event !== undefined && !(timeOf(event.lastTimestamp) < timeOf(ending?.at));
}

/**
 * The controller's word that it made a group anew for the end of this pod, the newest.
 * @see sigs.k8s.io/lws v0.8.0, pkg/controllers/pod_controller.go, handleRestartPolicy: it says "worker" of a leader too
 */
export function blameOf(pod: string, events: readonly Event[]): Event | undefined {
  return events.findLast(
    ({ reason, message = "" }) =>
      reason === "RecreateGroupOnPodRestart" && message.startsWith(`Worker pod ${pod} failed,`),
  );
}

function timeOf(text: string | undefined): number {
  return text === undefined ? Number.NaN : Date.parse(text);
}
