import { noRevision, revisionLabel } from "../core/names.ts";
import type { AppRef } from "../gate/ports.ts";
import type { ApiClient } from "./api-client.ts";
import { objectPath } from "./api-paths.ts";

/** The revision that the live Service selects, `none` where it selects nothing yet; undefined without a Service. */
export async function liveRevision(client: ApiClient, ref: AppRef, signal: AbortSignal): Promise<string | undefined> {
  const path = objectPath("services", ref.namespace, ref.service);
  const service = await client.find<{ readonly spec: { readonly selector?: Readonly<Record<string, string>> } }>(
    { method: "GET", path },
    signal,
  );
  return service === undefined ? undefined : (service.spec.selector?.[revisionLabel] ?? noRevision);
}
