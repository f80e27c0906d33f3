import type { NamespaceLimits } from "../status/headroom/headroom.ts";
import type { LimitRange, ResourceQuota } from "../status/objects.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import { collectionPath, type Plural } from "./api-paths.ts";

/** What bounds the pods of a namespace. Whoever deploys need not be allowed to read it: then undefined. */
export async function namespaceLimits(
  client: ApiClient,
  namespace: string,
  signal: AbortSignal,
): Promise<NamespaceLimits | undefined> {
  const [quotas, ranges] = await Promise.all([
    listed<ResourceQuota>(client, { plural: "resourcequotas", namespace }, signal),
    listed<LimitRange>(client, { plural: "limitranges", namespace }, signal),
  ]);
  return quotas === undefined || ranges === undefined ? undefined : { quotas, ranges };
}

async function listed<T>(
  client: ApiClient,
  { plural, namespace }: { readonly plural: Plural; readonly namespace: string },
  signal: AbortSignal,
): Promise<readonly T[] | undefined> {
  const request = { method: "GET", path: collectionPath(plural, namespace) } as const;
  const response = await client.send(request, signal);
  if (response.status === 403) return undefined;
  if (response.status >= 300) throw refusedError(request, response);
  // A successful answer to a list is a list. A namespace has a handful: they come in one page.
  return (response.body as { readonly items: readonly T[] }).items;
}
