import { appLabel, engineContainer, gpuResource, rampLabel, revisionLabel } from "../../infra/core/names.ts";
import type { EpochMs, Seconds } from "../../infra/core/units.ts";
import type { Condition, ContainerStatus, Deployment, Event, Node, Pod, PodSpec } from "../../infra/status/objects.ts";

/** How the pods of a revision behave, by their age. */
export type PodScript =
  | { readonly kind: "healthy" }
  /** Runs, never becomes ready. */
  | { readonly kind: "slow" }
  /** The engine ends 5 s after each start with exit code 0, as a crashed one does where it is PID 1. */
  | { readonly kind: "crash"; readonly log: string }
  | { readonly kind: "no-image"; readonly message: string }
  | { readonly kind: "unschedulable"; readonly message: string }
  | { readonly kind: "config-error"; readonly message: string }
  /** The controllers are not allowed to create any pod. */
  | { readonly kind: "quota"; readonly message: string };

/** When a healthy pod is scheduled, runs and is ready, by its age. */
const healthyAges = { pulled: 4, ready: 30 } as const satisfies Readonly<Record<string, Seconds>>;

/** One pod of the fake cluster; its state is a function of time. */
export interface FakePod {
  readonly name: string;
  readonly uid: string;
  readonly revision: string;
  /** Undefined while no node has room for it. */
  readonly node?: string;
  readonly gpus: number;
  readonly imageId: string;
  readonly script: PodScript;
  /** Or since when it has a node. */
  readonly createdAt: EpochMs;
  readonly deletedAt?: EpochMs;
  /** Its node has thrown it out: it holds nothing any more, and nobody takes its object away. */
  readonly isEvicted?: boolean;
  readonly restarts: number;
  /** The ramp whose traffic it takes part in. */
  readonly ramp?: string | undefined;
  readonly deletionCost?: number;
}

/** Whether the pod passes its readiness probe. */
export function isPodReady(pod: FakePod, now: EpochMs): boolean {
  const isRunning = pod.script.kind === "healthy" && isBound(pod) && !hasLeft(pod);
  return isRunning && age(pod, now) >= healthyAges.ready;
}

/** Whether it is on its way out, or has ended: its Deployment makes another. */
export function hasLeft({ deletedAt, isEvicted }: FakePod): boolean {
  return deletedAt !== undefined || isEvicted === true;
}

function isBound({ node, script }: FakePod): boolean {
  return node !== undefined && script.kind !== "unschedulable";
}

/** What the engine has logged by now. */
export function logOf(pod: FakePod, now: EpochMs): string {
  if (pod.script.kind === "crash") return pod.script.log;
  const shards = Math.max(0, Math.min(4, Math.floor((age(pod, now) - 8) / 5)));
  return `Load weight begin. avail mem=78.50 GB\nMulti-thread loading shards:  ${shards * 25}% Completed | ${shards}/4\n`;
}

/** The pod in the API's shape. */
export function podObject(pod: FakePod, now: EpochMs, app: { namespace: string; app: string }): Pod {
  return {
    metadata: {
      name: pod.name,
      namespace: app.namespace,
      uid: pod.uid,
      labels: {
        [appLabel]: app.app,
        [revisionLabel]: pod.revision,
        ...(pod.ramp === undefined ? {} : { [rampLabel]: pod.ramp }),
      },
      ...(pod.deletedAt === undefined ? {} : { deletionTimestamp: new Date(pod.deletedAt).toISOString() }),
    },
    spec: {
      ...(isBound(pod) && pod.node !== undefined ? { nodeName: pod.node } : {}),
      containers: [{ name: engineContainer, resources: { limits: { [gpuResource]: String(pod.gpus) } } }],
    },
    status: {
      phase: pod.isEvicted === true ? "Failed" : isPodReady(pod, now) ? "Running" : "Pending",
      ...(pod.isEvicted === true ? { reason: "Evicted", message: "The node was low on resource: memory." } : {}),
      conditions: conditionsOf(pod, now),
      containerStatuses: isBound(pod) ? [containerOf(pod, now)] : [],
    },
  };
}

/** A Deployment over pods of the fake cluster, in the API's shape; its controller is never behind. */
export function deploymentObject(
  metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
  state: {
    readonly replicas: number;
    /** That each pod asks for. */
    readonly gpus: number;
    readonly script: PodScript;
    readonly pods: readonly FakePod[];
    readonly now: EpochMs;
  },
): Deployment {
  const { replicas, gpus, script, pods, now } = state;
  const ready = pods.filter((pod) => isPodReady(pod, now)).length;
  const present = pods.filter((pod) => !hasLeft(pod)).length;
  const refusal = { type: "ReplicaFailure", status: "True", reason: "FailedCreate" };
  return {
    metadata: { ...metadata, generation: 1 },
    spec: { replicas, selector: { matchLabels: metadata.labels }, template: { spec: templateOf(gpus) } },
    status: {
      observedGeneration: 1,
      replicas: present,
      updatedReplicas: present,
      readyReplicas: ready,
      availableReplicas: ready,
      conditions: script.kind === "quota" && replicas > 0 ? [{ ...refusal, message: script.message }] : [],
    },
  };
}

function templateOf(gpus: number): PodSpec {
  const resources = { limits: { [gpuResource]: String(gpus) } };
  return { nodeSelector: { "keye-stack.dev/pool": "h800" }, containers: [{ name: engineContainer, resources }] };
}

/** A ready H800 node with eight GPUs. */
export function gpuNode(name: string, gpus = 8): Node {
  return {
    metadata: { name, labels: { "keye-stack.dev/pool": "h800" } },
    status: {
      allocatable: { pods: "110", [gpuResource]: String(gpus) },
      conditions: [{ type: "Ready", status: "True" }],
    },
  };
}

/** Events of the pod. */
export function podEvents(pod: FakePod): Event[] {
  if (pod.script.kind !== "no-image") return [];
  return [
    {
      metadata: { name: `${pod.name}.1` },
      type: "Warning",
      reason: "Failed",
      message: pod.script.message,
      involvedObject: { kind: "Pod", name: pod.name, uid: pod.uid },
    },
  ];
}

function conditionsOf(pod: FakePod, now: EpochMs): Condition[] {
  if (!isBound(pod)) {
    const message =
      pod.script.kind === "unschedulable" ? pod.script.message : `no node has ${pod.gpus} ${gpuResource} to spare.`;
    return [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];
  }
  const ready = isPodReady(pod, now) ? "True" : "False";
  return [
    { type: "PodScheduled", status: "True" },
    { type: "Ready", status: ready },
  ];
}

function containerOf(pod: FakePod, now: EpochMs): ContainerStatus {
  const base = { name: engineContainer, ready: isPodReady(pod, now), restartCount: pod.restarts, imageID: pod.imageId };
  switch (pod.script.kind) {
    case "no-image":
      return {
        ...base,
        imageID: "",
        state: { waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } },
      };
    case "config-error":
      return {
        ...base,
        imageID: "",
        state: { waiting: { reason: "CreateContainerConfigError", message: pod.script.message } },
      };
    case "crash":
      return crashed(base, age(pod, now));
    default:
      return age(pod, now) < healthyAges.pulled
        ? { ...base, imageID: "", state: { waiting: { reason: "ContainerCreating" } } }
        : { ...base, state: { running: {} } };
  }
}

function crashed(base: ContainerStatus, seconds: Seconds): ContainerStatus {
  const restartCount = Math.max(0, Math.floor(seconds / 5) - 1);
  const ending = { terminated: { exitCode: 0, reason: "Completed" } };
  if (seconds < 5) return { ...base, restartCount, state: { running: {} } };
  if (restartCount === 0) return { ...base, restartCount, state: ending };
  return { ...base, restartCount, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: ending };
}

function age(pod: FakePod, now: EpochMs): Seconds {
  return (now - pod.createdAt) / 1000;
}
