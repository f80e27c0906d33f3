import { createInterface } from "node:readline";
import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import type { ApiRequest } from "./api-request.ts";
import { listAll } from "./list.ts";

/** The part that every object of the API has. */
export interface ResourceObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
}

/** What a watch tells, in order. */
export type Change<T> =
  | { readonly kind: "set"; readonly object: T }
  | { readonly kind: "gone"; readonly object: T }
  /** Everything that existed when the watch began, or began again, has been told. */
  | { readonly kind: "synced" };

export interface FollowOptions {
  /** Path of a list, such as `/api/v1/pods`. */
  readonly path: string;
  /** `fieldSelector`, `labelSelector`. */
  readonly query?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

/** Milliseconds of silence after which a watch is opened anew; the server's bookmarks come about once a minute. */
const silence = 120_000;
const pauseAfterFault = 250;
const gone = 410;

/**
 * Tells every change of a list until `signal` aborts, then resolves.
 *
 * A watch that ends is resumed from the last version seen; if the server no longer knows that version, or could not be
 * reached, the list is read again and told as changes, with what has vanished meanwhile as `gone`. The handler is called
 * one change at a time and must not wait.
 */
export async function followObjects<T extends ResourceObject>(
  api: ApiClient,
  options: FollowOptions,
  handler: (change: Change<T>) => void,
): Promise<void> {
  const known = new Map<string, T>();
  while (!options.signal.aborted) {
    try {
      let version: string | undefined = await relist(api, options, known, handler);
      while (version !== undefined) version = await watchOnce(api, options, version, known, handler);
    } catch (error) {
      if (options.signal.aborted) return;
      // A refused list (RBAC, a path that is not served) will not get better by itself; an unreachable server may.
      if (!(error instanceof DeployError) || error.code !== "ENV_UNREACHABLE") throw error;
      await options.clock.sleep(pauseAfterFault, options.signal).catch(() => undefined);
    }
  }
}

async function relist<T extends ResourceObject>(
  api: ApiClient,
  { path, query, signal }: FollowOptions,
  known: Map<string, T>,
  handler: (change: Change<T>) => void,
): Promise<string> {
  const list = await listAll<T>(api, path, { query: query ?? {}, signal });
  const before = new Map(known);
  known.clear();
  for (const object of list.items) {
    const key = keyOf(object);
    known.set(key, object);
    const old = before.get(key);
    before.delete(key);
    if (old?.metadata.resourceVersion !== object.metadata.resourceVersion) handler({ kind: "set", object });
  }
  for (const object of before.values()) handler({ kind: "gone", object });
  handler({ kind: "synced" });
  return list.resourceVersion;
}

/** The version to go on from, or undefined where the list must be read again. */
async function watchOnce<T extends ResourceObject>(
  api: ApiClient,
  { path, query, clock, signal }: FollowOptions,
  from: string,
  known: Map<string, T>,
  handler: (change: Change<T>) => void,
): Promise<string | undefined> {
  let version = from;
  const watch = { watch: true, resourceVersion: from, allowWatchBookmarks: true };
  const request: ApiRequest = { method: "GET", path, query: { ...query, ...watch } };
  const response = await api.open(request, silence, signal);
  if (response.status === gone) return undefined;
  if (response.stream === undefined) throw refusedError(request, response);
  try {
    for await (const line of createInterface({ input: response.stream })) {
      // The API server sends one event a line.
      const event = JSON.parse(line) as WatchEvent<T>;
      if (event.type === "ERROR") return undefined;
      version = event.object.metadata.resourceVersion ?? version;
      if (event.type === "BOOKMARK") continue;
      const kind = event.type === "DELETED" ? "gone" : "set";
      if (kind === "gone") known.delete(keyOf(event.object));
      else known.set(keyOf(event.object), event.object);
      handler({ kind, object: event.object });
    }
  } catch (error) {
    if (signal.aborted) throw error;
    await clock.sleep(pauseAfterFault, signal);
    return undefined;
  } finally {
    response.stream.destroy();
  }
  return version;
}

function keyOf(object: ResourceObject): string {
  return object.metadata.uid ?? `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}
