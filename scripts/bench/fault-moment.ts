import { setTimeout as pause } from "node:timers/promises";
import type { ApiClient } from "../../infra/cluster/api-client.ts";
import { revisionLabel } from "../../infra/core/names.ts";
import type { ContainerStatus, Pod } from "../../infra/status/objects.ts";

/** A pod's ways to say that it waits for something that will not come. */
const hopeless = /ErrImagePull|ImagePullBackOff|InvalidImageName|CreateContainerConfigError|CrashLoopBackOff/;

/**
 * Waits until a pod of another revision than `stable` shows a fault, or is ready, and returns when that was seen
 * (`performance.now()`, to 100 ms) and which it was. Undefined where `signal` aborted first.
 */
export async function faultMoment(
  api: ApiClient,
  stable: string,
  signal: AbortSignal,
): Promise<{ readonly at: number; readonly from: "fault" | "ready" } | undefined> {
  // Pods of Jobs have no revision, and end.
  const labelSelector = `${revisionLabel},${revisionLabel}!=${stable}`;
  const path = `/api/v1/namespaces/keye/pods?labelSelector=${encodeURIComponent(labelSelector)}`;
  while (!signal.aborted) {
    const { items } = await api.call<{ items: Pod[] }>({ method: "GET", path }, new AbortController().signal);
    const containers = items
      .filter((pod) => pod.metadata.deletionTimestamp === undefined)
      .flatMap((pod) => pod.status?.containerStatuses ?? []);
    if (containers.some(isFaulty)) return { at: performance.now(), from: "fault" };
    if (containers.length > 1 && containers.every((container) => container.ready)) {
      return { at: performance.now(), from: "ready" };
    }
    await pause(100);
  }
  return undefined;
}

function isFaulty({ state, lastState }: ContainerStatus): boolean {
  if (state?.terminated !== undefined || lastState?.terminated !== undefined) return true;
  return hopeless.test(state?.waiting?.reason ?? "");
}
