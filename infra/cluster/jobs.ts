import { createInterface } from "node:readline";
import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import type { KubernetesObject } from "../core/kubernetes-object.ts";
import type { Milliseconds } from "../core/units.ts";
import type { Job, JobView } from "../status/job-status.ts";
import type { Pod } from "../status/objects.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import { collectionPath, labelSelector, objectPath, type Plural } from "./api-paths.ts";
import type { ApiRequest } from "./api-request.ts";
import { type ApiEvent, orderedEvents } from "./events.ts";
import { listAll } from "./list.ts";

/** One namespaced object by name. */
export interface ObjectRef {
  readonly namespace: string;
  readonly name: string;
}

/** Label by which the Job controller ties pods to their Job. */
export const jobNameLabel = "batch.kubernetes.io/job-name";

const fieldManager = "keye";
const pluralOf: Readonly<Record<string, Plural>> = { ConfigMap: "configmaps", Job: "jobs" };

/** A quiet step may say nothing for long: the connection is opened anew, and what was told is not told again. */
const logSilence: Milliseconds = 120_000;
const pause: Milliseconds = 1_000;
const removalDeadline: Milliseconds = 120_000;

/** Jobs of any namespace: made, read, followed, removed. */
export class Jobs {
  readonly #client: ApiClient;
  readonly #clock: Clock;

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Makes the namespace unless it is there. An existing one is left as it is. */
  async ensureNamespace(name: string, signal: AbortSignal): Promise<void> {
    const path = "/api/v1/namespaces";
    const found = await this.#client.find({ method: "GET", path: `${path}/${encodeURIComponent(name)}` }, signal);
    if (found !== undefined) return;
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    const create: ApiRequest = { method: "POST", path, body };
    const response = await this.#client.send(create, signal);
    // 409: somebody else was faster.
    if (response.status >= 300 && response.status !== 409) throw refusedError(create, response);
  }

  /**
   * Server-side apply of a ConfigMap or Job in its namespace. With `isDryRun` the server checks it as if, and keeps
   * nothing. A Job's pod template cannot change: applying another one to an existing Job is refused with `E_API`.
   */
  async apply(object: KubernetesObject, signal: AbortSignal, options: { readonly isDryRun?: boolean } = {}) {
    const { name, namespace } = object.metadata;
    const plural = pluralOf[object.kind];
    if (plural === undefined || namespace === undefined) {
      throw new TypeError(`cannot apply ${object.kind} ${name}: wants a ConfigMap or Job with a namespace`);
    }
    const dryRun = options.isDryRun === true ? "All" : undefined;
    // A field that the server does not know is refused, not dropped.
    const query = { fieldManager, force: true, fieldValidation: "Strict", dryRun };
    const path = objectPath(plural, namespace, name);
    const contentType = "application/apply-patch+yaml";
    await this.#client.call({ method: "PATCH", path, query, contentType, body: object }, signal);
  }

  /** A Job with its pods and events; undefined where there is none of that name. */
  async find(ref: ObjectRef, signal: AbortSignal): Promise<JobView | undefined> {
    const job = await this.#client.find<Job>(get(objectPath("jobs", ref.namespace, ref.name)), signal);
    if (job === undefined) return undefined;
    const pods = await this.#podsOf(ref, signal);
    const told = await Promise.all([job, ...pods].map(({ metadata }) => this.#eventsOf(ref, metadata.uid, signal)));
    return { job, pods, events: orderedEvents(told.flat(), () => true) };
  }

  /**
   * Deletes a Job with its pods, and resolves when they are gone, so that one of the same name can follow. Another Job that
   * has taken the name meanwhile is left alone: `uid` says which one is meant. Rejects with `E_API` where a pod is still
   * there after two minutes.
   */
  async remove(ref: ObjectRef & { readonly uid: string }, signal: AbortSignal): Promise<void> {
    const path = objectPath("jobs", ref.namespace, ref.name);
    const deadline = this.#clock.now() + removalDeadline;
    // Foreground: the Job stays until the last pod has ended.
    const body = { propagationPolicy: "Foreground", preconditions: { uid: ref.uid } };
    const request: ApiRequest = { method: "DELETE", path, body };
    const response = await this.#client.send(request, signal);
    if (response.status === 404 || response.status === 409) return;
    if (response.status >= 300) throw refusedError(request, response);
    while ((await this.#client.find<Job>(get(path), signal))?.metadata.uid === ref.uid) {
      if (this.#clock.now() >= deadline) throw await this.#stillThere(ref, signal);
      await this.#clock.sleep(pause, signal);
    }
  }

  /** The last `lines` of a container's log. Empty where it has none, or its pod is gone. */
  async logTail(pod: ObjectRef, options: LogOptions & { readonly lines: number }, signal: AbortSignal) {
    const { container, lines } = options;
    const request: ApiRequest = { ...get(logPath(pod)), query: { container, tailLines: lines } };
    const response = await this.#client.send(request, signal);
    if (isWithoutLog(response.status)) return "";
    if (response.status >= 300) throw refusedError(request, response);
    return String(response.body);
  }

  /**
   * Tells every line of a container's log, from its first, until the container has ended or its pod is gone. A connection
   * that is cut is opened anew where it ended.
   */
  async followLog(
    pod: ObjectRef,
    options: LogOptions & { readonly onLine: (line: string) => void },
    signal: AbortSignal,
  ) {
    const place = new LogPlace(options.onLine);
    for (;;) {
      const isOver = await this.#hasEnded(pod, options.container, signal);
      await this.#readLog(pod, { container: options.container, place }, signal);
      if (isOver) return;
      await this.#clock.sleep(pause, signal);
    }
  }

  async #readLog(
    pod: ObjectRef,
    { container, place }: { readonly container: string; readonly place: LogPlace },
    signal: AbortSignal,
  ): Promise<void> {
    const query = { container, follow: true, timestamps: true, sinceTime: place.reopen() };
    const request: ApiRequest = { ...get(logPath(pod)), query };
    const response = await this.#client.open(request, logSilence, signal);
    if (isWithoutLog(response.status)) return;
    if (response.stream === undefined) throw refusedError(request, response);
    try {
      for await (const line of createInterface({ input: response.stream })) place.tell(line);
    } catch (error) {
      // A connection that was cut: the next one goes on from the last line.
      if (signal.aborted) throw error;
    } finally {
      response.stream.destroy();
    }
  }

  async #hasEnded(ref: ObjectRef, container: string, signal: AbortSignal): Promise<boolean> {
    const pod = await this.#client.find<Pod>(get(objectPath("pods", ref.namespace, ref.name)), signal);
    const phase = pod?.status?.phase;
    if (pod === undefined || phase === "Succeeded" || phase === "Failed") return true;
    const status = pod.status?.containerStatuses?.find(({ name }) => name === container);
    return status?.state?.terminated !== undefined;
  }

  async #podsOf(ref: ObjectRef, signal: AbortSignal): Promise<readonly Pod[]> {
    const query = { labelSelector: labelSelector({ [jobNameLabel]: ref.name }) };
    const { items } = await listAll<Pod>(this.#client, collectionPath("pods", ref.namespace), { query, signal });
    return oldestFirst(items);
  }

  /** By uid: an earlier Job of the name may have left events too. */
  async #eventsOf(
    { namespace }: ObjectRef,
    uid: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly ApiEvent[]> {
    const query = { fieldSelector: `involvedObject.uid=${uid}` };
    return (await listAll<ApiEvent>(this.#client, collectionPath("events", namespace), { query, signal })).items;
  }

  async #stillThere(ref: ObjectRef, signal: AbortSignal): Promise<DeployError> {
    const pods = (await this.#podsOf(ref, signal)).map((pod) => pod.metadata.name).join(", ");
    return new DeployError({
      code: "E_API",
      where: `${ref.namespace}/jobs/${ref.name}`,
      message: `Deleted ${removalDeadline / 1000} s ago, and still there; its pods: ${pods || "none"}.`,
      hint: `Look at why they do not end: kubectl -n ${ref.namespace} describe job ${ref.name}`,
    });
  }
}

/** The order in which a Job has made its pods. */
export function oldestFirst(pods: readonly Pod[]): readonly Pod[] {
  const born = ({ metadata }: Pod) => metadata.creationTimestamp ?? "";
  return pods.toSorted((a, b) => born(a).localeCompare(born(b)));
}

/** How far a log has been told. Lines carry the time at which they were written, and several may share one. */
class LogPlace {
  readonly #onLine: (line: string) => void;
  #last = "";
  /** Lines of {@link #last} that were told. */
  #told = 0;
  /** Of these, how many are yet to come again on this connection. */
  #repeats = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** To be called before each connection: where it must begin, undefined for the log's own beginning. */
  reopen(): string | undefined {
    this.#repeats = this.#told;
    if (this.#last === "") return undefined;
    // The API reckons in whole seconds.
    return new Date(Math.floor(Date.parse(this.#last) / 1000) * 1000).toISOString();
  }

  tell(stamped: string): void {
    const gap = stamped.indexOf(" ");
    const time = stamped.slice(0, gap === -1 ? undefined : gap);
    // The kubelet writes times in one fixed width, so they compare as text.
    if (time < this.#last) return;
    if (time === this.#last && this.#repeats > 0) {
      this.#repeats--;
      return;
    }
    this.#told = time === this.#last ? this.#told + 1 : 1;
    this.#last = time;
    this.#onLine(gap === -1 ? "" : stamped.slice(gap + 1));
  }
}

interface LogOptions {
  readonly container: string;
}

/** 400: the container has not started. 404: the pod is gone. */
function isWithoutLog(status: number): boolean {
  return status === 400 || status === 404;
}

function logPath({ namespace, name }: ObjectRef): string {
  return objectPath("pods", namespace, name, "log");
}

function get(path: string): ApiRequest {
  return { method: "GET", path };
}
