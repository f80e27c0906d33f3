import type { Traffic } from "../core/traffic.ts";
import type { AppRef } from "../gate/ports.ts";
import type { NamespaceLimits } from "../status/headroom/headroom.ts";
import type { Node, Pod } from "../status/objects.ts";
import { namespaceLimits } from "./inspect-limits.ts";
import { type KubeconfigOptions, loadKubeconfig } from "./kubeconfig.ts";
import { listAll } from "./list.ts";
import { liveTraffic } from "./live-traffic.ts";
import { ReadOnlyClient } from "./read-only-client.ts";
import { systemClock } from "./system-clock.ts";

/** What of a cluster decides where the pods of one app find room, at one moment. */
export interface Target {
  /** URL of the API server. */
  readonly server: string;
  readonly serverVersion: string;
  readonly nodes: readonly Node[];
  /** Pods that are bound to a node, of every namespace. */
  readonly pods: readonly Pod[];
  /** What bounds the pods of the app's namespace; undefined where it may not be read. */
  readonly limits: NamespaceLimits | undefined;
  /** What the live Service selects; undefined without a Service. */
  readonly traffic: Traffic | undefined;
}

/** Reads a cluster without writing to it, and without its Secrets. Throws `ENV_KUBECONFIG`, `ENV_UNREACHABLE`, `E_API`. */
export async function readTarget(options: KubeconfigOptions, ref: AppRef, signal: AbortSignal): Promise<Target> {
  const client = new ReadOnlyClient(loadKubeconfig(options), systemClock);
  try {
    const query = { fieldSelector: "spec.nodeName!=" };
    const [version, nodes, pods, limits, traffic] = await Promise.all([
      client.call<{ readonly gitVersion: string }>({ method: "GET", path: "/version" }, signal),
      listAll<Node>(client, "/api/v1/nodes", { signal }),
      listAll<Pod>(client, "/api/v1/pods", { query, signal }),
      namespaceLimits(client, ref.namespace, signal),
      liveTraffic(client, ref, signal),
    ]);
    const { server } = client;
    return { server, serverVersion: version.gitVersion, nodes: nodes.items, pods: pods.items, limits, traffic };
  } finally {
    client.close();
  }
}
