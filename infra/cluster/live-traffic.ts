import { type Traffic, trafficOf } from "../core/traffic.ts";
import type { AppRef } from "../gate/ports.ts";
import type { ApiClient } from "./api-client.ts";
import { objectPath } from "./api-paths.ts";

/** What the live Service selects; undefined without a Service. */
export async function liveTraffic(client: ApiClient, ref: AppRef, signal: AbortSignal): Promise<Traffic | undefined> {
  const path = objectPath("services", ref.namespace, ref.service);
  const service = await client.find<{ readonly spec: { readonly selector?: Readonly<Record<string, string>> } }>(
    { method: "GET", path },
    signal,
  );
  return service === undefined ? undefined : trafficOf(service.spec.selector);
}
