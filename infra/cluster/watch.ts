import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import type { Milliseconds } from "../core/units.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import type { ApiRequest } from "./api-request.ts";
import { listAll } from "./list.ts";

/** One line of a watch. */
export interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly metadata?: { readonly name?: string; readonly resourceVersion?: string };
    readonly involvedObject?: { readonly name?: string };
    readonly code?: number;
  };
}

/** What is watched, and whom to tell. */
export interface Watched {
  readonly path: string;
  readonly query: NonNullable<ApiRequest["query"]>;
  /** The watch listens from now on; also after each relisting, as something may have been missed before it. */
  onListening(): void;
  onEvent(event: WatchEvent): void;
}

/** Seconds after which the API server ends a watch by itself. */
const serverTimeout = 240;
const idleTimeout: Milliseconds = 300_000;
const gone = 410;
const pauseBetweenWatches: Milliseconds = 1_000;

/**
 * Follows the changes of a collection until `signal` aborts: resumes where a closed watch ended, lists anew where the
 * server no longer knows that place (410), and waits for a server that is away. Rejects only with `E_API`: refused.
 */
export async function follow(
  client: ApiClient,
  watched: Watched,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, signal } = options;
  let place: string | undefined;
  while (!signal.aborted) {
    try {
      place = await followFrom(client, watched, place, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof DeployError && error.code === "E_API") throw error;
    }
    await clock.sleep(pauseBetweenWatches, signal).catch(() => undefined);
  }
}

/** One watch, until it ends. Returns the place to resume from, undefined where the server has forgotten it. */
async function followFrom(
  client: ApiClient,
  watched: Watched,
  place: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { path, query } = watched;
  let last = place ?? (await listAll(client, path, { query, signal })).resourceVersion;
  const watch = { watch: 1, allowWatchBookmarks: true, timeoutSeconds: serverTimeout, resourceVersion: last };
  const request: ApiRequest = { method: "GET", path, query: { ...query, ...watch } };
  const response = await client.open(request, idleTimeout, signal);
  if (response.status === gone) return undefined;
  if (response.stream === undefined) throw refusedError(request, response);
  if (place === undefined) watched.onListening();
  try {
    for await (const event of linesOf(response.stream)) {
      if (event.type === "ERROR") return event.object.code === gone ? undefined : last;
      last = event.object.metadata?.resourceVersion ?? last;
      if (event.type !== "BOOKMARK") watched.onEvent(event);
    }
  } catch (error) {
    // A cut connection is how watches end; what came before it was seen.
    if (error instanceof SyntaxError) throw error;
  }
  return last;
}

async function* linesOf(stream: IncomingMessage): AsyncGenerator<WatchEvent> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    // The API server sends one event a line.
    if (line !== "") yield JSON.parse(line) as WatchEvent;
  }
}
