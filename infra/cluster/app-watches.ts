import type { Clock } from "../core/clock.ts";
import { appLabel } from "../core/names.ts";
import type { Milliseconds } from "../core/units.ts";
import type { AppRef } from "../gate/ports.ts";
import type { ApiClient } from "./api-client.ts";
import { collectionPath } from "./api-paths.ts";
import { follow, type WatchEvent, type Watched } from "./watch.ts";

/** Changes that come in one burst, such as a pod and its endpoint, are told as one. */
const burst: Milliseconds = 50;

/** Watches on the pods, Deployments, endpoints and events of apps, opened at first use and kept until closed. */
export class AppWatches {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #apps = new Map<string, AppWatch>();
  readonly #closed = new AbortController();

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * Resolves at the next change since the last call returned, or after `atMost`. The first call of an app also resolves when its watches
   * begin to listen, so that nothing is lost between the caller's last reading and them. Rejects with `E_API` where a watch is refused.
   */
  async waitForChange(ref: AppRef, atMost: Milliseconds, signal: AbortSignal): Promise<void> {
    const key = `${ref.namespace}/${ref.app}/${ref.service}`;
    let watch = this.#apps.get(key);
    if (watch === undefined) {
      watch = new AppWatch();
      this.#apps.set(key, watch);
      this.#open(ref, watch);
    }
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    try {
      await Promise.race([watch.nextChange(), this.#clock.sleep(atMost, either)]);
      if (watch.hasChange) await this.#clock.sleep(Math.min(burst, atMost), signal);
      watch.settle();
    } finally {
      done.abort();
    }
  }

  /** Ends all watches. */
  close(): void {
    this.#closed.abort(new Error("closed"));
  }

  #open(ref: AppRef, watch: AppWatch): void {
    for (const watched of watchedOf(ref, watch)) {
      follow(this.#client, watched, { clock: this.#clock, signal: this.#closed.signal }).catch((error) =>
        watch.fail(error),
      );
    }
  }
}

function watchedOf(ref: AppRef, watch: AppWatch): Watched[] {
  const ofApp = { labelSelector: `${appLabel}=${ref.app}` };
  const changed = () => watch.change();
  // Events carry no labels: those of the app are told by the name of what they are about.
  const ifOurs = (event: WatchEvent) => {
    if (event.object.involvedObject?.name?.startsWith(`${ref.app}-`)) watch.change();
  };
  const path = (plural: "pods" | "deployments" | "endpointslices" | "events") => collectionPath(plural, ref.namespace);
  return [
    { path: path("pods"), query: ofApp, onListening: changed, onEvent: changed },
    { path: path("deployments"), query: ofApp, onListening: changed, onEvent: changed },
    {
      path: path("endpointslices"),
      query: { labelSelector: `kubernetes.io/service-name=${ref.service}` },
      onListening: changed,
      onEvent: changed,
    },
    { path: path("events"), query: {}, onListening: changed, onEvent: ifOurs },
  ];
}

/** Remembers whether something has changed since it was last asked. */
class AppWatch {
  hasChange = false;
  #failure: unknown;
  #waiters: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];

  nextChange(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.hasChange) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  change(): void {
    this.hasChange = true;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }

  fail(error: unknown): void {
    this.#failure = error;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  settle(): void {
    this.hasChange = false;
  }
}
