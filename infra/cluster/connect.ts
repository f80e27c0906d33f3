import type { Clock } from "../core/clock.ts";
import type { InspectNodesArgs, InspectNodesResult } from "../core/pool-node.ts";
import type { TransportKind } from "../core/promotion-inputs.ts";
import type { InspectReferencesArgs, InspectReferencesResult } from "../core/references.ts";
import type { InspectRevisionsArgs, InspectRevisionsResult } from "../core/revisions.ts";
import type { Traffic } from "../core/traffic.ts";
import type { StoredVerdict } from "../gate/ledger/ledger.ts";
import type { LeaseView } from "../gate/ledger/standing.ts";
import type { AppRef, ClusterPort, LeasePort, SupplyPort, WatchdogPort } from "../gate/ports.ts";
import type { WatchPost } from "../gate/recreate/watchdog.ts";
import { ApiClient } from "./api-client.ts";
import { AppWatches } from "./app-watches.ts";
import { type EvidenceQuery, evidenceRecords } from "./evidence-records.ts";
import { inspectNodes } from "./inspect-nodes.ts";
import { inspectReferences } from "./inspect-references.ts";
import { inspectRevisions } from "./inspect-revisions.ts";
import { Jobs } from "./jobs.ts";
import { type KubeconfigOptions, loadKubeconfig } from "./kubeconfig.ts";
import { Leases, leaseView } from "./lease.ts";
import { LiveCluster } from "./live-cluster.ts";
import { LiveSupply } from "./live-supply.ts";
import { liveTraffic } from "./live-traffic.ts";
import { LiveWatchdog } from "./live-watchdog.ts";
import { PodDialer } from "./pod-dialer.ts";
import { readSecret } from "./secrets.ts";
import { type ServicePods, type ServiceQuery, servicePods } from "./service-pods.ts";
import { systemClock } from "./system-clock.ts";
import { inCluster, portForward, type Transport } from "./transport.ts";
import { type WatchPostOptions, watchPost } from "./watch-post.ts";

/** Everything that the house can do with one cluster. */
export interface ClusterConnection {
  /** URL of the API server. */
  readonly server: string;
  readonly cluster: ClusterPort;
  readonly supply: SupplyPort;
  readonly watchdog: WatchdogPort;
  readonly lease: LeasePort;
  readonly jobs: Jobs;
  inspectNodes(args: InspectNodesArgs, signal: AbortSignal): Promise<InspectNodesResult>;
  inspectReferences(args: InspectReferencesArgs, signal: AbortSignal): Promise<InspectReferencesResult>;
  inspectRevisions(args: InspectRevisionsArgs, signal: AbortSignal): Promise<InspectRevisionsResult>;
  /** The verdicts that an app has on record, in no order that means anything. */
  evidenceRecords(query: EvidenceQuery, signal: AbortSignal): Promise<readonly StoredVerdict[]>;
  /** The Lease of an app, without taking it; undefined where there is none. */
  leaseView(ref: AppRef, signal: AbortSignal): Promise<LeaseView | undefined>;
  /** What the live Service selects; undefined without a Service. */
  liveTraffic(ref: AppRef, signal: AbortSignal): Promise<Traffic | undefined>;
  /** A way to engines. What it opens is closed by who opened it, before the connection. */
  transport(kind: TransportKind): Transport;
  /** What a watchdog needs, and no more. */
  watchPost(options: WatchPostOptions): WatchPost;
  /** Namespace of the kubeconfig's context; a pod's own inside of a cluster. @default "default" */
  readonly namespace: string;
  /** The pods that a Service selects now. */
  servicePods(query: ServiceQuery, signal: AbortSignal): Promise<ServicePods>;
  /** The text of one key of a Secret. */
  readSecret(namespace: string, name: string, key: string, signal: AbortSignal): Promise<string>;
  /** Ends watches and idle connections. */
  close(): void;
}

/** Prepares a connection by the usual kubeconfig rules. Sends nothing yet; throws `ENV_KUBECONFIG`. */
export function connect(options: KubeconfigOptions & { readonly clock?: Clock } = {}): ClusterConnection {
  const clock = options.clock ?? systemClock;
  const config = loadKubeconfig(options);
  const client = new ApiClient(config, clock);
  const watches = new AppWatches(client, clock);
  const jobs = new Jobs(client, clock);
  return {
    server: client.server,
    cluster: new LiveCluster(client, watches),
    supply: new LiveSupply(client, jobs),
    watchdog: new LiveWatchdog(client, jobs),
    lease: new Leases(client, clock),
    jobs,
    inspectNodes: (args, signal) => inspectNodes(client, args, signal),
    inspectReferences: (args, signal) => inspectReferences(client, args, signal),
    inspectRevisions: (args, signal) => inspectRevisions(client, args, signal),
    evidenceRecords: (query, signal) => evidenceRecords(client, query, signal),
    leaseView: (ref, signal) => leaseView(client, ref, signal),
    liveTraffic: (ref, signal) => liveTraffic(client, ref, signal),
    transport: (kind) =>
      kind === "in-cluster" ? inCluster(client) : portForward(client, new PodDialer(config, clock), clock),
    watchPost: (where) => watchPost(client, clock, where),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? "default",
    servicePods: (query, signal) => servicePods(client, query, signal),
    readSecret: (namespace, name, key, signal) => readSecret(client, { namespace, name, key }, signal),
    close: () => {
      watches.close();
      client.close();
    },
  };
}
