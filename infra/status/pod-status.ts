import { type EngineProgress, readProgress, type StepCount } from "./engine-log.ts";
import type { Fault } from "./fault.ts";
import type { Pod } from "./objects.ts";
import type { PodEvidence } from "./pod-evidence.ts";
import { conditionOf, engineStatus, hasEnded, isReady, isTerminating, lastEvent, restartsOf } from "./pod-facts.ts";
import { podFault } from "./pod-fault.ts";
import { phaseWords } from "./startup-phase.ts";

/** Where a pod is on its way to serving. */
export type PodPhase =
  | "pending"
  | "scheduling"
  | "pulling"
  | "creating"
  | "starting"
  | "ready"
  | "terminating"
  | "failed";

/** How a pod does. */
export interface PodStatus {
  readonly pod: string;
  readonly uid: string;
  readonly phase: PodPhase;
  /** A few words for a progress line, such as `loading weights, 3 of 13 shards`. */
  readonly detail: string;
  readonly restarts: number;
  /** Set while the engine starts. */
  readonly progress?: EngineProgress;
  readonly fault?: Fault;
}

/** Reads a pod's phase and, if something is wrong with it, the fault. Pure; time is left to the caller. */
export function podStatus(evidence: PodEvidence): PodStatus {
  const { pod } = evidence;
  const fault = podFault(evidence);
  // A fault that may mend itself leaves the pod where it is on its way.
  const hasFailed = fault !== undefined && fault.verdictAfterSeconds === 0;
  const phase = hasFailed ? "failed" : phaseOf(evidence);
  const progress = phase === "starting" ? readProgress(evidence.log) : undefined;
  return {
    pod: pod.metadata.name,
    uid: pod.metadata.uid ?? "",
    phase,
    detail: fault?.reason ?? detailOf(evidence, phase, progress),
    restarts: restartsOf(pod),
    ...(progress === undefined ? {} : { progress }),
    ...(fault === undefined ? {} : { fault }),
  };
}

function phaseOf({ pod, events }: PodEvidence): PodPhase {
  if (isTerminating(pod)) return "terminating";
  if (hasEnded(pod)) return "failed";
  if (isReady(pod)) return "ready";
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status === "False") return "scheduling";
  if (pod.spec?.nodeName === undefined) return "pending";
  const engine = engineStatus(pod)?.state;
  if (engine?.running !== undefined || engine?.terminated !== undefined) return "starting";
  if (engine?.waiting?.reason === "CrashLoopBackOff") return "starting";
  const pull = lastEvent(pod, events, ["Pulling", "Pulled"]);
  return pull?.reason === "Pulling" ? "pulling" : "creating";
}

function detailOf({ pod }: PodEvidence, phase: PodPhase, progress: EngineProgress | undefined): string {
  switch (phase) {
    case "pending":
      return "waits for the scheduler";
    case "scheduling":
      return conditionOf(pod, "PodScheduled")?.message ?? "no node yet";
    case "pulling":
      return "pulling the image";
    case "creating":
      return `container is being created on ${pod.spec?.nodeName ?? "its node"}`;
    case "starting":
      return startingDetail(pod, progress);
    case "ready":
      return "ready";
    case "terminating":
      return "is being deleted";
    case "failed":
      return pod.status?.message ?? pod.status?.reason ?? "ended";
    default:
      return phase satisfies never;
  }
}

function startingDetail(pod: Pod, progress: EngineProgress | undefined): string {
  const step = progress === undefined ? "starting" : phaseWords[progress.phase];
  const counts = [countText(progress?.shards, "shards"), countText(progress?.graphs, "batch sizes")];
  const restarts = restartsOf(pod);
  const again = restarts === 0 ? "" : `restarted ${restarts === 1 ? "once" : `${restarts} times`}`;
  // The engine says that it is ready before the kubelet's next probe has found out.
  const words = progress?.phase === "ready" ? "engine ready, waits for the readiness probe" : step;
  return [words, ...counts, again].filter((part) => part !== "").join(", ");
}

function countText(count: StepCount | undefined, what: string): string {
  return count === undefined ? "" : `${count.done} of ${count.total} ${what}`;
}
