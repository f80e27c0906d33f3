import { ApiClient } from "../../cluster/api-client.ts";
import { loadKubeconfig } from "../../cluster/kubeconfig.ts";
import type { Clock } from "../../core/clock.ts";
import { KubeObjects } from "./kube-objects.ts";
import type { ProviderSettings } from "./provider-settings.ts";

/** A cluster that answers. */
export interface Connection {
  readonly objects: KubeObjects;
  /** Namespace of objects that name none. */
  readonly defaultNamespace: string;
  close(): void;
}

/** Milliseconds. Long enough for an API server that restarts; a person waits for the answer. */
const retryBudgets = { firstContact: 3_000, established: 30_000 };

/**
 * Connects to the cluster that the settings name and asks for its version, so that a wrong address is one error at once
 * and not one a resource. Rejects with `ENV_KUBECONFIG`, `ENV_UNREACHABLE` or `E_API` (credentials).
 */
export async function connect(settings: ProviderSettings, clock: Clock, signal: AbortSignal): Promise<Connection> {
  const { kubeconfig, context } = settings;
  const config = loadKubeconfig({ ...(kubeconfig && { kubeconfig }), ...(context && { context }) });
  const client = new ApiClient(config, clock, retryBudgets);
  await client.call({ method: "GET", path: "/version" }, signal);
  const own = config.getContextObject(config.getCurrentContext())?.namespace;
  return {
    objects: new KubeObjects(client),
    defaultNamespace: settings.namespace || own || "default",
    close: () => client.close(),
  };
}
