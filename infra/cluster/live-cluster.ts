import { appLabel, cacheKeyLabel, engineContainer, rampLabel, revisionLabel, verdictLabel } from "../core/names.ts";
import { isMixedSelector, isSameTraffic, selectorTo, type Traffic, trafficOf } from "../core/traffic.ts";
import type { Milliseconds } from "../core/units.ts";
import type {
  AppRef,
  CandidateView,
  ClusterPort,
  NewBaseline,
  NewEvidence,
  Observation,
  PodMark,
  PodRef,
  StoredEvidence,
  SwitchOutcome,
} from "../gate/ports.ts";
import { revisionOf } from "../status/groups.ts";
import type { NamespaceLimits } from "../status/headroom/headroom.ts";
import type { Node, ObjectMeta, Pod, Service } from "../status/objects.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import { collectionPath, labelSelector, objectPath, type Plural } from "./api-paths.ts";
import type { ApiRequest } from "./api-request.ts";
import type { AppWatches } from "./app-watches.ts";
import { type EndpointSlice, flattenSlices } from "./endpoints.ts";
import { type ApiEvent, orderedEvents } from "./events.ts";
import { evidenceKey, inputsKey } from "./evidence-records.ts";
import { namespaceLimits } from "./inspect-limits.ts";
import { listAll } from "./list.ts";
import { listWorkloads, scaleWorkload } from "./workloads.ts";

const baselineKey = "baseline.json";

/** Label by which the endpoint slice controller ties slices to their Service. */
const sliceLabel = "kubernetes.io/service-name";

/** By which the ReplicaSet controller picks among ready pods when it scales down (Kubernetes docs, "ReplicaSet"). */
const deletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost";

interface NewConfigMap {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly data: Readonly<Record<string, string>>;
}

/** One key of a ConfigMap. */
interface ConfigMapEntry {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

/** The cluster port over the real API. */
export class LiveCluster implements ClusterPort {
  readonly #client: ApiClient;
  readonly #watches: AppWatches;

  constructor(client: ApiClient, watches: AppWatches) {
    this.#client = client;
    this.#watches = watches;
  }

  async observe(ref: AppRef, signal: AbortSignal): Promise<Observation> {
    const labels = { [appLabel]: ref.app };
    const [service, deployments, pods, slices] = await Promise.all([
      this.#client.call<Service>(get(objectPath("services", ref.namespace, ref.service)), signal),
      listWorkloads(this.#client, { namespace: ref.namespace, labels }, signal),
      this.#list<Pod>("pods", ref, labels, signal),
      this.#list<EndpointSlice>("endpointslices", ref, { [sliceLabel]: ref.service }, signal),
    ]);
    return { service, traffic: trafficOf(service.spec.selector), deployments, pods, endpoints: flattenSlices(slices) };
  }

  async candidate(ref: AppRef, revision: string, signal: AbortSignal): Promise<CandidateView> {
    const ofApp = { [appLabel]: ref.app };
    const labels = { ...ofApp, [revisionLabel]: revision };
    const [deployments, replicaSets, allPods, events] = await Promise.all([
      listWorkloads(this.#client, { namespace: ref.namespace, labels }, signal),
      this.#list<{ readonly metadata: ObjectMeta }>("replicasets", ref, labels, signal),
      this.#list<Pod>("pods", ref, ofApp, signal),
      this.#list<ApiEvent>("events", ref, {}, signal),
    ]);
    const pods = allPods.filter((pod) => revisionOf(pod) === revision);
    const names = [...deployments, ...replicaSets, ...pods].map((object) => object.metadata.name);
    // A pod that is gone, evicted say, is still told of by events: it is known by the name of the set that made it.
    const sets = [...replicaSets, ...deployments.filter(({ group }) => group !== undefined)];
    const prefixes = sets.map((set) => `${set.metadata.name}-`);
    return {
      deployment: deployments[0],
      pods,
      events: orderedEvents(
        events,
        ({ name = "" }) => names.includes(name) || prefixes.some((p) => name.startsWith(p)),
      ),
    };
  }

  waitForChange(ref: AppRef, atMost: Milliseconds, signal: AbortSignal): Promise<void> {
    return this.#watches.waitForChange(ref, atMost, signal);
  }

  async scale(ref: AppRef, deployment: string, replicas: number, signal: AbortSignal): Promise<void> {
    await scaleWorkload(this.#client, { ref, name: deployment, replicas }, signal);
  }

  /**
   * Replaces the whole selector as it was read, so that nothing of an edit by hand stays beside the label that is meant.
   * Also `switched` where the selector already is at `to`: an earlier attempt whose answer was cut off wrote it.
   */
  async switchTraffic(ref: AppRef, from: Traffic, to: Traffic, signal: AbortSignal): Promise<SwitchOutcome> {
    const path = objectPath("services", ref.namespace, ref.service);
    const read = async () => (await this.#client.call<Service>(get(path), signal)).spec.selector;
    const selector = await read();
    const found = trafficOf(selector);
    if (isSameTraffic(found, to) && !isMixedSelector(selector)) return { kind: "switched" };
    if (!isSameTraffic(found, from) && !isSameTraffic(found, to)) return { kind: "conflict", found };
    const request: ApiRequest = {
      method: "PATCH",
      path,
      contentType: "application/json-patch+json",
      body: [
        { op: "test", path: "/spec/selector", value: selector },
        { op: "replace", path: "/spec/selector", value: selectorTo(to, selector) },
      ],
    };
    const response = await this.#client.send(request, signal);
    if (response.status < 300) return { kind: "switched" };
    // The API answers 422 to a failed test, and 409 where another write came between its read and its write.
    if (response.status !== 422 && response.status !== 409) throw refusedError(request, response);
    const after = trafficOf(await read());
    if (isSameTraffic(after, to)) return { kind: "switched" };
    if (isSameTraffic(after, from)) throw refusedError(request, response);
    return { kind: "conflict", found: after };
  }

  async markPod(ref: AppRef, { name, uid }: PodRef, mark: PodMark, signal: AbortSignal): Promise<boolean> {
    const labels = mark.ramp === undefined ? {} : { labels: { [rampLabel]: mark.ramp } };
    const annotations =
      mark.deletionCost === undefined ? {} : { annotations: { [deletionCostAnnotation]: String(mark.deletionCost) } };
    const request: ApiRequest = {
      method: "PATCH",
      path: objectPath("pods", ref.namespace, name),
      contentType: "application/merge-patch+json",
      // The API refuses the patch where the pod of this name is another by now.
      body: { metadata: { uid, ...labels, ...annotations } },
    };
    const response = await this.#client.send(request, signal);
    if (response.status === 404 || response.status === 409) return false;
    if (response.status >= 300) throw refusedError(request, response);
    return true;
  }

  async logTail(
    ref: AppRef,
    pod: string,
    options: { readonly previous: boolean; readonly lines: number },
    signal: AbortSignal,
  ): Promise<string> {
    const query = { container: engineContainer, tailLines: options.lines, previous: options.previous || undefined };
    const request: ApiRequest = { ...get(objectPath("pods", ref.namespace, pod, "log")), query };
    const response = await this.#client.send(request, signal);
    // 400: the container has not started, or has no earlier instance. 404: the pod is gone.
    if (response.status === 400 || response.status === 404) return "";
    if (response.status >= 300) throw refusedError(request, response);
    return String(response.body);
  }

  async capacity(signal: AbortSignal): Promise<{ readonly nodes: readonly Node[]; readonly pods: readonly Pod[] }> {
    const bound = { fieldSelector: "spec.nodeName!=" };
    const [nodes, pods] = await Promise.all([
      listAll<Node>(this.#client, "/api/v1/nodes", { signal }),
      listAll<Pod>(this.#client, "/api/v1/pods", { query: bound, signal }),
    ]);
    return { nodes: nodes.items, pods: pods.items };
  }

  limits(namespace: string, signal: AbortSignal): Promise<NamespaceLimits | undefined> {
    return namespaceLimits(this.#client, namespace, signal);
  }

  async saveEvidence(ref: AppRef, record: NewEvidence, signal: AbortSignal): Promise<void> {
    const labels = {
      ...(record.cacheKey === undefined ? {} : { [cacheKeyLabel]: record.cacheKey }),
      [appLabel]: ref.app,
      [revisionLabel]: record.revision,
      [verdictLabel]: record.verdict,
      "app.kubernetes.io/managed-by": "rollgate",
    };
    const metadata = { name: record.name, namespace: ref.namespace, labels };
    const data = { [evidenceKey]: record.json, [inputsKey]: record.inputsJson };
    await this.#putConfigMap({ metadata, data }, signal);
  }

  async hasFilledCache(ref: AppRef, cacheKey: string, signal: AbortSignal): Promise<boolean> {
    const labels = { [appLabel]: ref.app, [verdictLabel]: "pass", [cacheKeyLabel]: cacheKey };
    const query = { labelSelector: labelSelector(labels), limit: 1 };
    const path = collectionPath("configmaps", ref.namespace);
    return (
      (await this.#client.call<{ readonly items: readonly unknown[] }>({ ...get(path), query }, signal)).items.length >
      0
    );
  }

  async readEvidence(ref: AppRef, name: string, signal: AbortSignal): Promise<StoredEvidence | undefined> {
    const json = await this.#readConfigMap({ namespace: ref.namespace, name, key: evidenceKey }, signal);
    return json === undefined ? undefined : { name, json };
  }

  async saveBaseline(ref: AppRef, record: NewBaseline, signal: AbortSignal): Promise<void> {
    const labels = {
      [appLabel]: ref.app,
      [revisionLabel]: record.revision,
      "app.kubernetes.io/managed-by": "rollgate",
    };
    const metadata = { name: record.name, namespace: ref.namespace, labels };
    await this.#putConfigMap({ metadata, data: { [baselineKey]: record.json } }, signal);
  }

  readBaseline(ref: AppRef, name: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#readConfigMap({ namespace: ref.namespace, name, key: baselineKey }, signal);
  }

  /** Makes it, or replaces the one of its name. */
  async #putConfigMap({ metadata, data }: NewConfigMap, signal: AbortSignal): Promise<void> {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
    const create: ApiRequest = { method: "POST", path: collectionPath("configmaps", metadata.namespace), body };
    const response = await this.#client.send(create, signal);
    if (response.status < 300) return;
    if (response.status !== 409) throw refusedError(create, response);
    await this.#client.call(
      { method: "PUT", path: objectPath("configmaps", metadata.namespace, metadata.name), body },
      signal,
    );
  }

  async #readConfigMap({ namespace, name, key }: ConfigMapEntry, signal: AbortSignal): Promise<string | undefined> {
    const path = objectPath("configmaps", namespace, name);
    const found = await this.#client.find<{ readonly data?: Readonly<Record<string, string>> }>(get(path), signal);
    return found?.data?.[key];
  }

  async #list<T>(
    plural: Plural,
    ref: AppRef,
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly T[]> {
    const query = { labelSelector: labelSelector(labels) || undefined };
    return (await listAll<T>(this.#client, collectionPath(plural, ref.namespace), { query, signal })).items;
  }
}

function get(path: string): ApiRequest {
  return { method: "GET", path };
}
