import { setTimeout as pause } from "node:timers/promises";
import type { ApiClient } from "../../infra/cluster/api-client.ts";
import type { Condition, ContainerStatus, Pod } from "../../infra/status/objects.ts";

/** A pod's ways to say that it waits for something that will not come. */
const hopeless = /ErrImagePull|ImagePullBackOff|InvalidImageName|CreateContainerConfigError|CrashLoopBackOff/;

/** Whose fault is looked for. */
export interface Watched {
  readonly namespace: string;
  /** Of its pods and Deployments; pods of Jobs end, and must not be among them. */
  readonly labelSelector: string;
  readonly replicas: number;
}

/** When a fault was first seen (`performance.now()`, to 100 ms), and what it was: a fault, or readiness in spite of it. */
export interface FaultMoment {
  readonly at: number;
  readonly from: "fault" | "ready";
}

/** Waits until a pod shows a fault or cannot be made, or all are ready. Undefined where `signal` aborted first. */
export async function faultMoment(
  api: ApiClient,
  watched: Watched,
  signal: AbortSignal,
): Promise<FaultMoment | undefined> {
  const query = `?labelSelector=${encodeURIComponent(watched.labelSelector)}`;
  const list = async <T>(path: string) => {
    const answer = await api.call<{ items: T[] }>({ method: "GET", path: path + query }, new AbortController().signal);
    return answer.items;
  };
  while (!signal.aborted) {
    const pods = await list<Pod>(`/api/v1/namespaces/${watched.namespace}/pods`);
    const deployments = await list<WithConditions>(`/apis/apps/v1/namespaces/${watched.namespace}/deployments`);
    const alive = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const containers = alive.flatMap((pod) => pod.status?.containerStatuses ?? []);
    const isRefused = deployments.some((one) => isTrue(one, "ReplicaFailure"));
    if (isRefused || alive.some(isUnschedulable) || containers.some(isFaulty)) {
      return { at: performance.now(), from: "fault" };
    }
    if (containers.length >= watched.replicas && containers.every((container) => container.ready)) {
      return { at: performance.now(), from: "ready" };
    }
    await pause(100);
  }
  return undefined;
}

interface WithConditions {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

function isTrue({ status }: WithConditions, type: string): boolean {
  return status?.conditions?.some((one) => one.type === type && one.status === "True") ?? false;
}

function isUnschedulable({ status }: Pod): boolean {
  return status?.conditions?.some((one) => one.type === "PodScheduled" && one.reason === "Unschedulable") ?? false;
}

function isFaulty({ state, lastState }: ContainerStatus): boolean {
  if (state?.terminated !== undefined || lastState?.terminated !== undefined) return true;
  return hopeless.test(state?.waiting?.reason ?? "");
}
