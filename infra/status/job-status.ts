import type { Condition, ContainerTermination, Event, ObjectMeta, Pod } from "./objects.ts";

/** The parts of a Job that this house reads. */
export interface Job {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly suspend?: boolean; readonly activeDeadlineSeconds?: number };
  readonly status?: { readonly startTime?: string; readonly conditions?: readonly Condition[] };
}

/** A Job with all that its pods and events tell of it. */
export interface JobView {
  readonly job: Job;
  /** Oldest first. Those that failed and were followed by another are among them. */
  readonly pods: readonly Pod[];
  /** Of the Job and its pods, oldest first. */
  readonly events: readonly Event[];
}

/** How far a Job has come. */
export type JobStatus =
  | { readonly kind: "suspended" }
  /** No container runs; `reason` says what it waits for, as far as the cluster knows. */
  | { readonly kind: "waiting"; readonly reason: string }
  | { readonly kind: "running"; readonly pod: string }
  | { readonly kind: "succeeded"; readonly lastWords: string }
  | JobFailure;

/** A Job that has ended without success. */
export interface JobFailure {
  readonly kind: "failed";
  /** The controller's: `BackoffLimitExceeded`, `PodFailurePolicy`, `DeadlineExceeded` or another of its version. */
  readonly reason: string;
  readonly message: string;
  /** How the newest container ended; undefined where none began, or its pod is gone. */
  readonly ended: ContainerTermination | undefined;
  /** Why the kubelet ended the pod, such as an eviction's reason and message; empty where it did not. */
  readonly podReason: string;
  /** The container's termination message: its own last words. Empty where it left none. */
  readonly lastWords: string;
}

/** Reads a Job's conditions, then its newest pod, then its events. */
export function jobStatus({ job, pods, events }: JobView): JobStatus {
  const pod = pods.at(-1);
  const ended = terminationOf(pod);
  const lastWords = ended?.message?.trimEnd() ?? "";
  if (conditionOf(job, "Complete") !== undefined) return { kind: "succeeded", lastWords };
  const failed = conditionOf(job, "Failed");
  if (failed !== undefined) {
    const podReason = [pod?.status?.reason, pod?.status?.message].filter((text) => text !== undefined).join(": ");
    const { reason = "Failed", message = "" } = failed;
    return { kind: "failed", reason, message, ended, podReason, lastWords };
  }
  if (job.spec.suspend === true) return { kind: "suspended" };
  if (pod !== undefined && isRunning(pod)) return { kind: "running", pod: pod.metadata.name };
  return { kind: "waiting", reason: waitingReason(pod, events) };
}

function conditionOf(job: Job, type: string): Condition | undefined {
  return job.status?.conditions?.find((condition) => condition.type === type && condition.status === "True");
}

function terminationOf(pod: Pod | undefined): ContainerTermination | undefined {
  return pod?.status?.containerStatuses?.[0]?.state?.terminated;
}

function isRunning(pod: Pod): boolean {
  return pod.status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true;
}

/** What is told of a pod that is no more says nothing about the next one. */
function waitingReason(pod: Pod | undefined, events: readonly Event[]): string {
  const about = pod?.metadata.name;
  if (pod !== undefined && terminationOf(pod) !== undefined) return `pod ${about} has ended`;
  const unscheduled = pod?.status?.conditions?.find(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (unscheduled?.message !== undefined) return unscheduled.message;
  const waiting = pod?.status?.containerStatuses?.[0]?.state?.waiting;
  if (waiting?.message !== undefined) return `${waiting.reason ?? "waiting"}: ${waiting.message}`;
  const warnings = events.filter(({ type, message }) => type === "Warning" && message !== undefined);
  const warning = warnings.findLast(
    ({ involvedObject }) => about === undefined || involvedObject.name === about,
  )?.message;
  return warning ?? waiting?.reason ?? (about === undefined ? "no pod yet" : `pod ${about} starts`);
}
