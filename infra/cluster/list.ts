import { DeployError } from "../core/errors.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import type { ApiRequest } from "./api-request.ts";

/** A list as the API sends it: the items carry neither `kind` nor `apiVersion`. */
export interface ApiList<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly T[];
}

const pageSize = 500;
const gone = 410;

/** Every item of a collection, read in pages, and the resource version to watch from. */
export async function listAll<T>(
  client: ApiClient,
  path: string,
  options: { readonly query?: ApiRequest["query"]; readonly signal: AbortSignal },
): Promise<{ readonly items: readonly T[]; readonly resourceVersion: string }> {
  // Pages are slices of one snapshot; when that has been compacted away the whole is read anew, once.
  for (const limit of [pageSize, undefined]) {
    const pages = await readPages<T>(client, { path, query: options.query, limit }, options.signal);
    if (pages !== "gone") return pages;
  }
  throw new DeployError({
    code: "E_API",
    where: path,
    message: "The API server dropped the list twice while it was read.",
    hint: "Run again; if it persists, the API server's etcd is overloaded.",
  });
}

async function readPages<T>(
  client: ApiClient,
  from: { readonly path: string; readonly query: ApiRequest["query"]; readonly limit: number | undefined },
  signal: AbortSignal,
): Promise<{ items: T[]; resourceVersion: string } | "gone"> {
  const items: T[] = [];
  let token: string | undefined;
  for (;;) {
    const query = { ...from.query, limit: from.limit, continue: token };
    const request: ApiRequest = { method: "GET", path: from.path, query };
    const response = await client.send(request, signal);
    if (response.status === gone) return "gone";
    if (response.status >= 300) throw refusedError(request, response);
    // A successful answer to a list is a list.
    const list = response.body as ApiList<T>;
    items.push(...(list.items ?? []));
    token = list.metadata?.continue || undefined;
    if (token === undefined) return { items, resourceVersion: list.metadata?.resourceVersion ?? "" };
  }
}
