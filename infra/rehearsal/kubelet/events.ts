import { randomUUID } from "node:crypto";
import type { ApiClient } from "../../cluster/api-client.ts";
import type { Clock } from "../../core/clock.ts";
import type { KubePod } from "./pod-types.ts";

/** An event about a pod or one of its containers. */
export interface PodEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** Name of the container that it is about; init containers too. */
  readonly container?: string;
}

/** Gets the events of pods. */
export type EventSink = (pod: KubePod, event: PodEvent) => void;

interface Written {
  readonly name: string;
  count: number;
}

/** Writes events to the API in order, one object for equal ones, with a growing count. */
export class EventRecorder {
  readonly #api: ApiClient;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #written = new Map<string, Written>();
  #last: Promise<void> = Promise.resolve();

  constructor(api: ApiClient, clock: Clock, signal: AbortSignal) {
    this.#api = api;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Returns at once; the event is written after those before it. */
  record(pod: KubePod, event: PodEvent): void {
    const at = new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
    // An event may be lost, as a kubelet's may: its namespace is going, or the API is away for long.
    this.#last = this.#last.then(() => this.#write(pod, event, at)).catch(() => undefined);
  }

  async #write(pod: KubePod, event: PodEvent, at: string): Promise<void> {
    const { namespace, name, uid, resourceVersion } = pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/events`;
    const key = [uid, event.container, event.type, event.reason, event.message].join("\n");
    const written = this.#written.get(key);
    if (written !== undefined) {
      written.count += 1;
      const body = { count: written.count, lastTimestamp: at };
      const contentType = "application/merge-patch+json";
      await this.#api.call({ method: "PATCH", path: `${path}/${written.name}`, body, contentType }, this.#signal);
      return;
    }
    const eventName = `${name.slice(0, 200)}.${randomUUID().replaceAll("-", "").slice(0, 16)}`;
    const body = {
      metadata: { name: eventName, namespace },
      involvedObject: {
        apiVersion: "v1",
        kind: "Pod",
        namespace,
        name,
        uid,
        resourceVersion,
        ...(event.container === undefined ? {} : { fieldPath: fieldPathOf(pod, event.container) }),
      },
      type: event.type,
      reason: event.reason,
      message: event.message,
      count: 1,
      firstTimestamp: at,
      lastTimestamp: at,
      source: { component: "kubelet", host: pod.spec.nodeName },
      reportingComponent: "kubelet",
      reportingInstance: pod.spec.nodeName,
    };
    await this.#api.call({ method: "POST", path, body }, this.#signal);
    this.#written.set(key, { name: eventName, count: 1 });
  }
}

function fieldPathOf(pod: KubePod, container: string): string {
  const isInit = pod.spec.initContainers?.some(({ name }) => name === container) === true;
  return `spec.${isInit ? "initContainers" : "containers"}{${container}}`;
}
