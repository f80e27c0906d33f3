import type { ApiClient } from "../../cluster/api-client.ts";
import { type EndpointSlice, flattenSlices } from "../../cluster/endpoints.ts";
import { followObjects, type ResourceObject } from "../../cluster/resources.ts";
import type { Clock } from "../../core/clock.ts";
import type { EpochMs } from "../../core/units.ts";
import { gpusOf } from "../../status/gpu-ledger.ts";
import type { Pod } from "../../status/objects.ts";
import { hasEnded } from "../../status/pod-facts.ts";

/** What there was from one moment until the next change. */
export interface Level {
  readonly at: EpochMs;
  /** Replicas behind the live Service that are ready. */
  readonly serving: number;
  readonly freeGpus: number;
}

export interface CapacityOf {
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly namespace: string;
  readonly service: string;
  /** GPUs of each node that counts. */
  readonly gpus: ReadonlyMap<string, number>;
}

/** Follows endpoints and pods, and keeps every change of what serves and of what is free. */
export class CapacityWatch {
  readonly #options: CapacityOf;
  readonly #end = new AbortController();
  readonly #slices = new Map<string, EndpointSlice>();
  readonly #held = new Map<string, number>();
  readonly #levels: Level[] = [];
  readonly #total: number;
  #following: Promise<unknown> = Promise.resolve();

  private constructor(options: CapacityOf) {
    this.#options = options;
    this.#total = [...options.gpus.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Resolves once all that is there is known, with the present as the first level. */
  static async start(options: CapacityOf): Promise<CapacityWatch> {
    const watch = new CapacityWatch(options);
    await watch.#start();
    return watch;
  }

  /** Every level so far, in order; never empty. */
  get levels(): readonly Level[] {
    return this.#levels;
  }

  /** Ends the watches; what they have seen stays. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#following;
  }

  async #start(): Promise<void> {
    const { api, clock, namespace, service } = this.#options;
    const { signal } = this.#end;
    const slices = synced();
    const pods = synced();
    const ofSlices = {
      path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
      query: { labelSelector: `kubernetes.io/service-name=${service}` },
    };
    const ofPods = { path: "/api/v1/pods", query: { fieldSelector: "spec.nodeName!=" } };
    const following = [
      followObjects<EndpointSlice & ResourceObject>(api, { ...ofSlices, clock, signal }, (change) => {
        if (change.kind === "synced") return slices.resolve();
        if (change.kind === "gone") this.#slices.delete(change.object.metadata.name);
        else this.#slices.set(change.object.metadata.name, change.object);
        this.#note();
      }),
      followObjects<Pod>(api, { ...ofPods, clock, signal }, (change) => {
        if (change.kind === "synced") return pods.resolve();
        const { metadata, spec } = change.object;
        const key = metadata.uid ?? metadata.name;
        const isCounted = this.#options.gpus.has(spec?.nodeName ?? "");
        if (change.kind === "gone" || hasEnded(change.object)) this.#held.delete(key);
        else if (isCounted) this.#held.set(key, gpusOf(change.object));
        this.#note();
      }),
    ];
    this.#following = Promise.all(following);
    await Promise.race([Promise.all([slices.promise, pods.promise]), this.#following]);
    this.#levels.splice(0);
    this.#note();
  }

  #note(): void {
    const endpoints = flattenSlices([...this.#slices.values()]).filter(({ ready }) => ready);
    const serving = new Set(endpoints.map(({ podUid, address }) => podUid ?? address)).size;
    const freeGpus = this.#total - [...this.#held.values()].reduce((sum, gpus) => sum + gpus, 0);
    const last = this.#levels.at(-1);
    if (last?.serving === serving && last.freeGpus === freeGpus) return;
    this.#levels.push({ at: this.#options.clock.now(), serving, freeGpus });
  }
}

function synced() {
  return Promise.withResolvers<void>();
}
