import type { ApiClient } from "../../cluster/api-client.ts";
import { followObjects } from "../../cluster/resources.ts";
import type { Clock } from "../../core/clock.ts";
import type { Milliseconds } from "../../core/units.ts";
import type { LongChild } from "../../process/spawn.ts";
import type { Node } from "../../status/objects.ts";
import { isOpen } from "../join-nodes.ts";
import { endedError } from "../wait-until.ts";

export interface NodeReadyOptions {
  readonly api: ApiClient;
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly limit: Milliseconds;
  /** The wait ends as soon as one of them does. */
  readonly children: readonly LongChild[];
}

/** Watches a node until it is ready and open to the scheduler. Rejects with `ENV_TOOL` where a child ends or the time is over. */
export async function nodeReady({ api, name, clock, signal, limit, children }: NodeReadyOptions): Promise<void> {
  const end = new AbortController();
  const ready = Promise.withResolvers<void>();
  const stop = AbortSignal.any([signal, end.signal]);
  const query = { fieldSelector: `metadata.name=${name}` };
  const following = followObjects<Node>(api, { path: "/api/v1/nodes", query, clock, signal: stop }, (change) => {
    if (change.kind === "set" && isOpen(change.object)) ready.resolve();
  });
  const [first] = children;
  const late = clock.sleep(limit, stop).then(() => {
    throw endedError(first, `Timed out waiting for node ${name} to be ready.`);
  });
  const ended = children.map(async (child) => {
    await child.exited;
    throw endedError(child, `It ended while waiting for node ${name} to be ready.`);
  });
  try {
    await Promise.race([ready.promise, following, late, ...ended]);
    signal.throwIfAborted();
  } finally {
    end.abort();
    await following.catch(() => undefined);
  }
}
