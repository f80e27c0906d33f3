import type { Clock } from "../core/clock.ts";
import { appLabel } from "../core/names.ts";
import type { Milliseconds } from "../core/units.ts";
import type { AppRef } from "../gate/ports.ts";
import type { ApiClient } from "./api-client.ts";
import { collectionPath } from "./api-paths.ts";
import { type Change, followObjects, type ResourceObject } from "./resources.ts";

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
   * Resolves at the next change since the last call returned, or after `atMost`. The first call of an app also resolves
   * when its watches begin to listen, so that nothing is lost between the caller's last reading and them. Rejects with
   * `E_API` where a watch is refused.
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
    const common = { clock: this.#clock, signal: this.#closed.signal };
    for (const { path, labelSelector, concerns, isOptional } of watchedOf(ref)) {
      const query = labelSelector === undefined ? {} : { labelSelector };
      const onChange = (change: Change<WatchedObject>) => {
        if (change.kind === "synced" || concerns === undefined || concerns(change.object)) watch.change();
      };
      followObjects(this.#client, { ...common, path, query }, onChange).catch((error) => {
        if (isOptional !== true) watch.fail(error);
      });
    }
  }
}

interface WatchedObject extends ResourceObject {
  readonly involvedObject?: { readonly name?: string };
}

interface Watched {
  readonly path: string;
  readonly labelSelector?: string;
  readonly concerns?: (object: WatchedObject) => boolean;
  /** Whether it is done without where it is refused: most clusters do not know the kind. */
  readonly isOptional?: boolean;
}

function watchedOf({ namespace, app, service }: AppRef): readonly Watched[] {
  const ofApp = `${appLabel}=${app}`;
  return [
    { path: collectionPath("pods", namespace), labelSelector: ofApp },
    { path: collectionPath("deployments", namespace), labelSelector: ofApp },
    { path: collectionPath("leaderworkersets", namespace), labelSelector: ofApp, isOptional: true },
    { path: collectionPath("endpointslices", namespace), labelSelector: `kubernetes.io/service-name=${service}` },
    {
      path: collectionPath("events", namespace),
      // Events carry no labels: those of the app are told by the name of what they are about.
      concerns: ({ involvedObject }) => involvedObject?.name?.startsWith(`${app}-`) === true,
    },
  ];
}

/** Remembers whether something has changed since it was last asked. */
class AppWatch {
  #next = Promise.withResolvers<void>();
  #hasChange = false;
  #failure: unknown;

  get hasChange(): boolean {
    return this.#hasChange;
  }

  nextChange(): Promise<void> {
    return this.#failure === undefined ? this.#next.promise : Promise.reject(this.#failure);
  }

  change(): void {
    this.#hasChange = true;
    this.#next.resolve();
  }

  /** Everyone who waits, and everyone who asks from now on, is told. */
  fail(error: unknown): void {
    this.#failure = error;
    // Nobody may be waiting at the moment.
    this.#next.promise.catch(() => undefined);
    this.#next.reject(error);
  }

  settle(): void {
    if (!this.#hasChange) return;
    this.#hasChange = false;
    this.#next = Promise.withResolvers();
  }
}
