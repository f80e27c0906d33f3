import { isIPv6 } from "node:net";
import type { WebSocket } from "ws";
import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import type { AppRef } from "../gate/ports.ts";
import type { ApiClient } from "./api-client.ts";
import { objectPath } from "./api-paths.ts";
import type { PodDialer } from "./pod-dialer.ts";
import { podEnd } from "./pod-end.ts";
import { readyPods } from "./service-endpoint.ts";
import { openTunnel } from "./tunnel.ts";

/** A way to an engine, opened. */
export interface Passage {
  /** Such as `http://127.0.0.1:40113`. */
  readonly baseUrl: string;
  /** Why the latest connection failed, where the transport knows more of it than its client; undefined otherwise. */
  failure(): string | undefined;
  /** Ends what was opened, every connection through it too. */
  close(): Promise<void>;
}

/** One port of one pod, as a transport needs it. */
export interface EnginePod {
  readonly namespace: string;
  readonly name: string;
  /** Absent where the pod has no network yet. */
  readonly ip?: string | undefined;
  readonly port: number;
}

/** How engines are reached. Opening proves nothing of the engine: who listens shows at the first request. */
export interface Transport {
  /** One pod, ready or not. */
  open(pod: EnginePod, signal: AbortSignal): Promise<Passage>;
  /** A Service; `port` is the Service's, its first where undefined. */
  openService(ref: AppRef, port: number | undefined, signal: AbortSignal): Promise<Passage>;
}

/** An engine whose URL is known: nothing is opened. */
export function directPassage(baseUrl: string): Passage {
  return { baseUrl, failure: () => undefined, close: async () => undefined };
}

/**
 * Through the API server, from wherever it can be reached. Each connection to a Service reads its EndpointSlices and goes to
 * the next ready pod in turn: selector, slices and pods are what is tested, the cluster's own data plane (kube-proxy) is not.
 */
export function portForward(client: ApiClient, dialer: PodDialer, clock: Clock): Transport {
  return {
    open: (pod, signal) => openPodTunnel(client, dialer, { pod, clock, signal }),
    openService: (ref, port, signal) => {
      let turn = 0;
      return openTunnel(async (dialSignal) => {
        const pods = await readyPods(client, { ref, port }, dialSignal);
        return dialer.dial(pods[turn++ % pods.length] ?? pods[0], dialSignal);
      }, signal);
    },
  };
}

interface PodTunnel {
  readonly pod: EnginePod;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * A tunnel that also ends with the pod's container: not every node tells the API server that the far end of a port-forward
 * has closed while its near end is open (kwok 0.8 does not), and a node that is lost tells nobody.
 */
async function openPodTunnel(
  client: ApiClient,
  dialer: PodDialer,
  { pod, clock, signal }: PodTunnel,
): Promise<Passage> {
  const { namespace, name, port } = pod;
  const closing = new AbortController();
  const open = new Set<WebSocket>();
  let ended: string | undefined;
  const tunnel = await openTunnel(async (dialSignal) => {
    const remote = await dialer.dial({ namespace, pod: name, port }, dialSignal);
    open.add(remote);
    remote.once("close", () => open.delete(remote));
    return remote;
  }, signal);
  const until = AbortSignal.any([signal, closing.signal]);
  // Whoever may forward but not watch keeps what the node tells.
  void podEnd(client, { namespace, name, clock, signal: until })
    .catch(() => undefined)
    .then((why) => {
      ended = why;
      if (why !== undefined) for (const remote of open) remote.terminate();
    });
  return {
    baseUrl: tunnel.baseUrl,
    failure: () => ended ?? tunnel.failure(),
    close: async () => {
      closing.abort();
      await tunnel.close();
    },
  };
}

/**
 * By the addresses of pods and Services themselves, from inside the cluster's network: nothing is between prober and engine
 * but what is between any client and the engine. Rejects with `E_PROBE` where there is no address yet.
 */
export function inCluster(client: ApiClient): Transport {
  return {
    open: async ({ namespace, name, ip, port }) => {
      if (ip !== undefined) return directPassage(urlOf(ip, port));
      throw new DeployError({
        code: "E_PROBE",
        where: `${namespace}/pods/${name}`,
        message: "It has no address yet, so it cannot be reached from inside the cluster.",
        hint: `Read: kubectl -n ${namespace} get pod ${name} -o wide`,
      });
    },
    openService: async (ref, port, signal) => {
      const path = objectPath("services", ref.namespace, ref.service);
      const { spec } = await client.call<ServiceAddress>({ method: "GET", path }, signal);
      const first = port ?? spec.ports?.[0]?.port;
      const { clusterIP } = spec;
      if (clusterIP && clusterIP !== "None" && first !== undefined) return directPassage(urlOf(clusterIP, first));
      throw new DeployError({
        code: "E_PROBE",
        where: `${ref.namespace}/services/${ref.service}`,
        message: "It has no address of its own or no port, so it cannot be asked from inside the cluster.",
        hint: "Give it a cluster IP, or reach it by port-forward.",
      });
    },
  };
}

interface ServiceAddress {
  readonly spec: { readonly clusterIP?: string; readonly ports?: readonly { readonly port: number }[] };
}

function urlOf(ip: string, port: number): string {
  return `http://${isIPv6(ip) ? `[${ip}]` : ip}:${port}`;
}
