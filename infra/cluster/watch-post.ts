import type { Clock } from "../core/clock.ts";
import type { AppRef } from "../gate/ports.ts";
import type { WatchPost } from "../gate/recreate/watchdog.ts";
import type { ApiClient } from "./api-client.ts";
import { Leases } from "./lease.ts";
import { liveTraffic } from "./live-traffic.ts";
import { scaleWorkload, workloadReplicas } from "./workloads.ts";

/** Where a watchdog stands, and what it is called. */
export interface WatchPostOptions {
  readonly ref: AppRef;
  /** Who takes the Lease: unique to this process. */
  readonly holder: string;
  readonly say: (text: string) => void;
}

/**
 * What a watchdog may do with a cluster: read and take the Lease, read the live Service, read and write the scale of
 * workloads. Nothing else, so that its account needs nothing else.
 */
export function watchPost(client: ApiClient, clock: Clock, { ref, holder, say }: WatchPostOptions): WatchPost {
  const leases = new Leases(client, clock);
  return {
    clock,
    say,
    lookAtLease: (signal) => leases.look(ref, signal),
    takeLease: (seen, signal) => leases.takeOver(ref, { holder, seen }, signal),
    liveTraffic: (signal) => liveTraffic(client, ref, signal),
    replicasOf: (workload, signal) => workloadReplicas(client, { ref, name: workload }, signal),
    scale: (workload, replicas, signal) => scaleWorkload(client, { ref, name: workload, replicas }, signal),
  };
}
