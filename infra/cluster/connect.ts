import type { Clock } from "../core/clock.ts";
import type { InspectNodesArgs, InspectNodesResult } from "../core/pool-node.ts";
import type { AppRef, ClusterPort, LeasePort } from "../gate/ports.ts";
import { ApiClient } from "./api-client.ts";
import { AppWatches } from "./app-watches.ts";
import { inspectNodes } from "./inspect-nodes.ts";
import { type KubeconfigOptions, loadKubeconfig } from "./kubeconfig.ts";
import { Leases } from "./lease.ts";
import { LiveCluster } from "./live-cluster.ts";
import { liveRevision } from "./live-revision.ts";
import { PodDialer } from "./pod-dialer.ts";
import { readSecret } from "./secrets.ts";
import { readyPods } from "./service-endpoint.ts";
import { systemClock } from "./system-clock.ts";
import { openTunnel, type Tunnel } from "./tunnel.ts";

/** Everything that the house can do with one cluster. */
export interface ClusterConnection {
  /** URL of the API server. */
  readonly server: string;
  readonly cluster: ClusterPort;
  readonly lease: LeasePort;
  inspectNodes(args: InspectNodesArgs, signal: AbortSignal): Promise<InspectNodesResult>;
  /** The revision that the live Service selects, `none` where it selects nothing yet; undefined without a Service. */
  liveRevision(ref: AppRef, signal: AbortSignal): Promise<string | undefined>;
  /** A local address for one port of one pod, ready or not. */
  openPodTunnel(namespace: string, pod: string, port: number, signal: AbortSignal): Promise<Tunnel>;
  /**
   * A local address for the live Service: each new connection reads its EndpointSlices and goes to the next ready pod in
   * turn. So selector, slices and pods are what is tested; the cluster network's own data plane (kube-proxy) is not.
   * `port` is the Service's; its first where undefined.
   */
  openServiceTunnel(ref: AppRef, port: number | undefined, signal: AbortSignal): Promise<Tunnel>;
  /** The text of one key of a Secret. */
  readSecret(namespace: string, name: string, key: string, signal: AbortSignal): Promise<string>;
  /** Ends watches and idle connections. Tunnels are closed by who opened them, before. */
  close(): void;
}

/** Prepares a connection by the usual kubeconfig rules. Sends nothing yet; throws `ENV_KUBECONFIG`. */
export function connect(options: KubeconfigOptions & { readonly clock?: Clock } = {}): ClusterConnection {
  const clock = options.clock ?? systemClock;
  const config = loadKubeconfig(options);
  const client = new ApiClient(config, clock);
  const watches = new AppWatches(client, clock);
  const dialer = new PodDialer(config, clock);
  return {
    server: client.server,
    cluster: new LiveCluster(client, watches),
    lease: new Leases(client, clock),
    inspectNodes: (args, signal) => inspectNodes(client, args, signal),
    liveRevision: (ref, signal) => liveRevision(client, ref, signal),
    openPodTunnel: (namespace, pod, port, signal) =>
      openTunnel((dialSignal) => dialer.dial({ namespace, pod, port }, dialSignal), signal),
    openServiceTunnel: (ref, port, signal) => openTunnel(roundRobin(client, dialer, { ref, port }), signal),
    readSecret: (namespace, name, key, signal) => readSecret(client, { namespace, name, key }, signal),
    close: () => {
      watches.close();
      client.close();
    },
  };
}

function roundRobin(client: ApiClient, dialer: PodDialer, target: { ref: AppRef; port: number | undefined }) {
  let turn = 0;
  return async (signal: AbortSignal) => {
    const pods = await readyPods(client, target, signal);
    return dialer.dial(pods[turn++ % pods.length] ?? pods[0], signal);
  };
}
