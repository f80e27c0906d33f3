import { type ContainerView, isDone } from "./container-view.ts";
import type { KubeCondition, KubePod } from "./pod-types.ts";

/** What a kubelet knows of one pod, beside its containers. */
export interface PodView {
  readonly pod: KubePod;
  readonly hostIP: string;
  /** Absent until the pod's network is there. */
  readonly podIP: string | undefined;
  readonly startTime: string;
  /** All containers have ended and none will run again, because the pod was stopped. */
  readonly isStopped: boolean;
  /** Set where the kubelet ended the pod itself. */
  readonly verdict?: { readonly reason: string; readonly message: string };
  readonly inits: readonly ContainerView[];
  readonly mains: readonly ContainerView[];
}

/** The status that a kubelet writes, as a strategic merge patch. `before` and `now` decide the transition times. */
export function podStatus(view: PodView, before: readonly KubeCondition[], now: string) {
  const phase = phaseOf(view);
  return {
    phase,
    observedGeneration: view.pod.metadata.generation,
    ...(view.verdict ?? {}),
    hostIP: view.hostIP,
    hostIPs: [{ ip: view.hostIP }],
    ...(view.podIP === undefined ? {} : { podIP: view.podIP, podIPs: [{ ip: view.podIP }] }),
    startTime: view.startTime,
    conditions: conditionsOf(view, phase).map((condition) => dated(condition, before, now)),
    initContainerStatuses: view.inits.map(containerStatus),
    containerStatuses: view.mains.map(containerStatus),
  };
}

/** @see kubernetes 1.36 `pkg/kubelet/kubelet_pods.go`, getPhase */
export function phaseOf(view: PodView): "Pending" | "Running" | "Succeeded" | "Failed" {
  if (view.verdict !== undefined) return "Failed";
  const policy = view.pod.spec.restartPolicy ?? "Always";
  const isForGood = view.isStopped || policy !== "Always";
  const failedInit = view.inits.find((init) => isDone(init) && init.state.terminated?.exitCode !== 0);
  if (failedInit !== undefined && policy === "Never") return "Failed";
  const hasNeverRun = (one: ContainerView) => one.state.waiting !== undefined && one.lastState === undefined;
  if (view.isStopped && view.mains.every(hasNeverRun)) return "Failed";
  if (!areInitsThrough(view) || view.mains.some(hasNeverRun)) return view.isStopped ? "Failed" : "Pending";
  if (!isForGood || !view.mains.every(isDone)) return "Running";
  return view.mains.every((main) => main.state.terminated?.exitCode === 0) ? "Succeeded" : "Failed";
}

/** Sidecars need to have started, other init containers to have ended well. */
export function areInitsThrough(view: Pick<PodView, "inits">): boolean {
  return view.inits.every((init) =>
    init.spec.restartPolicy === "Always" ? init.isStarted : init.state.terminated?.exitCode === 0,
  );
}

function conditionsOf(view: PodView, phase: string): KubeCondition[] {
  const unready = view.mains.filter((main) => !main.isReady).map((main) => main.spec.name);
  const isOver = phase === "Succeeded" || phase === "Failed";
  const unreadyReason = isOver && phase === "Succeeded" ? "PodCompleted" : isOver ? "PodFailed" : "ContainersNotReady";
  const ready =
    unready.length === 0
      ? { status: "True" }
      : {
          status: "False",
          reason: unreadyReason,
          ...(isOver ? {} : { message: `containers with unready status: [${unready.join(" ")}]` }),
        };
  const pending = view.inits.filter((init) => !areInitsThrough({ inits: [init] })).map((init) => init.spec.name);
  const initialized =
    pending.length === 0
      ? { status: "True" }
      : {
          status: "False",
          reason: "ContainersNotInitialized",
          message: `containers with incomplete status: [${pending.join(" ")}]`,
        };
  const hasNetwork = view.podIP !== undefined && !isOver;
  const evicted = { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet" };
  return [
    { type: "PodReadyToStartContainers", status: hasNetwork ? "True" : "False" },
    { type: "Initialized", ...initialized },
    { type: "Ready", ...ready },
    { type: "ContainersReady", ...ready },
    ...(view.verdict === undefined ? [] : [{ ...evicted, message: view.verdict.message }]),
  ];
}

function dated(condition: KubeCondition, before: readonly KubeCondition[], now: string) {
  const old = before.find(({ type }) => type === condition.type);
  const isSame = old?.status === condition.status && old.lastTransitionTime !== undefined;
  // A patch must say null to take away a reason that no longer holds.
  const cleared = { reason: null, message: null };
  return { ...cleared, ...condition, lastTransitionTime: isSame ? old.lastTransitionTime : now };
}

function containerStatus(view: ContainerView) {
  return {
    name: view.spec.name,
    image: view.spec.image ?? "",
    imageID: view.imageID,
    ...(view.containerID === "" ? {} : { containerID: view.containerID }),
    state: view.state,
    lastState: view.lastState === undefined ? {} : { terminated: view.lastState },
    // An init container is ready when it has done its work.
    ready: view.isInit && view.spec.restartPolicy !== "Always" ? view.state.terminated?.exitCode === 0 : view.isReady,
    started: view.isStarted,
    restartCount: view.restartCount,
  };
}
