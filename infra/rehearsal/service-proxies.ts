import type { ApiClient } from "../cluster/api-client.ts";
import { followObjects } from "../cluster/resources.ts";
import type { Clock } from "../core/clock.ts";
import { serviceAddress } from "./pod-address.ts";
import { type ServiceProxy, startServiceProxy } from "./service-proxy.ts";
import type { ProxyState } from "./state.ts";

/** The part of a Service that decides whether it gets a proxy. */
export interface ProxiedService {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly spec: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  };
}

export interface ServiceProxiesOptions {
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly octet: number;
  /** Gets all proxies, sorted, whenever one has come or gone. */
  readonly onChange: (proxies: readonly ProxyState[]) => void;
}

interface Entry {
  readonly state: ProxyState;
  readonly proxy: Promise<ServiceProxy | undefined>;
}

/** Keeps a proxy for every port of every Service that {@link wantsProxy}, each Service on an address of its own. */
export class ServiceProxies {
  readonly #options: ServiceProxiesOptions;
  readonly #end = new AbortController();
  readonly #entries = new Map<string, readonly Entry[]>();
  readonly #closing = new Set<Promise<void>>();
  readonly #indices = new Map<string, number>();
  #following: Promise<void> = Promise.resolve();

  constructor(options: ServiceProxiesOptions) {
    this.#options = options;
  }

  start(): void {
    const { api, clock } = this.#options;
    const signal = this.#end.signal;
    this.#following = followObjects<ProxiedService>(api, { path: "/api/v1/services", clock, signal }, (change) => {
      if (change.kind === "set") this.#add(change.object);
      else if (change.kind === "gone") this.#remove(change.object.metadata.uid);
    });
  }

  async close(): Promise<void> {
    this.#end.abort();
    for (const uid of [...this.#entries.keys()]) this.#remove(uid);
    await Promise.all(this.#closing);
    await this.#following;
  }

  #add(service: ProxiedService): void {
    const { name, namespace, uid } = service.metadata;
    if (!wantsProxy(service) || this.#entries.has(uid)) return;
    const host = serviceAddress(this.#options.octet, this.#takeIndex(uid));
    const entries = (service.spec.ports ?? []).map(({ name: portName, port }) => ({
      state: { namespace, service: name, port, url: `http://${host}:${port}` },
      proxy: this.#open(service, portName ?? "", { host, port }),
    }));
    this.#entries.set(uid, entries);
    void Promise.all(entries.map(({ proxy }) => proxy)).then(() => this.#tell());
  }

  /** A port that cannot be opened (a low one, without the right to) leaves the others alone. */
  async #open(service: ProxiedService, portName: string, listen: { readonly host: string; readonly port: number }) {
    const { api, clock } = this.#options;
    const { name, namespace } = service.metadata;
    return startServiceProxy({ api, clock, namespace, service: name, portName, listen }).catch(() => undefined);
  }

  #remove(uid: string): void {
    const entries = this.#entries.get(uid) ?? [];
    this.#entries.delete(uid);
    for (const { proxy } of entries) {
      const closing = proxy.then((one) => one?.close()).finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
      void closing.then(() => this.#indices.delete(uid));
    }
    if (entries.length > 0) this.#tell();
  }

  /** The lowest that no other Service has: a Service that is made anew mostly gets its old address. */
  #takeIndex(uid: string): number {
    const taken = new Set(this.#indices.values());
    let index = 1;
    while (taken.has(index)) index++;
    this.#indices.set(uid, index);
    return index;
  }

  #tell(): void {
    if (this.#end.signal.aborted) return;
    const states = [...this.#entries.values()].flat().map(({ state }) => state);
    this.#options.onChange(states.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)));
  }
}

/** A ClusterIP Service with a selector, outside the cluster's own namespaces. */
export function wantsProxy({ metadata, spec }: ProxiedService): boolean {
  const hasClusterIp = (spec.type ?? "ClusterIP") === "ClusterIP" && spec.clusterIP !== "None";
  return hasClusterIp && Object.keys(spec.selector ?? {}).length > 0 && !metadata.namespace.startsWith("kube-");
}

function keyOf({ namespace, service, port }: ProxyState): string {
  return `${namespace}/${service}/${port}`;
}
