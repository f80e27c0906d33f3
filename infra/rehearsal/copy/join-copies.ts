import type { ApiClient } from "../../cluster/api-client.ts";
import { followObjects } from "../../cluster/resources.ts";
import type { Clock } from "../../core/clock.ts";
import { DeployError } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/units.ts";
import type { Node } from "../../status/objects.ts";
import { isOpen } from "../join-nodes.ts";
import { type NodeEndpoint, playedStatus } from "../nodes.ts";
import type { CopiedNode } from "./copied-node.ts";
import { inLanes } from "./in-lanes.ts";

export interface Joining {
  readonly api: ApiClient;
  readonly at: NodeEndpoint;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const path = "/api/v1/nodes";
const limit: Milliseconds = 300_000;

/** Registers the nodes, open all of them, and resolves when all are ready. Rejects with `ENV_TOOL` after five minutes. */
export async function joinCopies(nodes: readonly CopiedNode[], { api, at, clock, signal }: Joining): Promise<void> {
  await inLanes(nodes, async ({ name, labels, taints, capacity, allocatable }) => {
    const body = { apiVersion: "v1", kind: "Node", metadata: { name, labels }, spec: { taints } };
    await api.call({ method: "POST", path, body }, signal);
    const status = { status: { ...playedStatus({ capacity, allocatable }, at), conditions: [ready(clock)] } };
    const contentType = "application/merge-patch+json";
    await api.call({ method: "PATCH", path: `${path}/${name}/status`, body: status, contentType }, signal);
  });
  await allOpen(nodes.length, { api, clock, signal });
}

/** Follows the nodes instead of asking again and again: the list of a thousand is a heavy answer. */
async function allOpen(count: number, { api, clock, signal }: Omit<Joining, "at">): Promise<void> {
  const end = new AbortController();
  const stop = AbortSignal.any([signal, end.signal]);
  const open = new Set<string>();
  const done = Promise.withResolvers<void>();
  const following = followObjects<Node>(api, { path, clock, signal: stop }, (change) => {
    if (change.kind === "set" && isOpen(change.object)) open.add(change.object.metadata.name);
    if (open.size === count) done.resolve();
  });
  try {
    const late = clock.sleep(limit, stop).then(() => Promise.reject(lateError(open.size, count)));
    await Promise.race([done.promise, following, late]);
    signal.throwIfAborted();
  } finally {
    end.abort();
    await following;
  }
}

function lateError(open: number, count: number): DeployError {
  return new DeployError({
    code: "ENV_TOOL",
    where: "rehearsal",
    message: `${open} of ${count} nodes were ready ${limit / 1000} s after they had joined.`,
    hint: "This machine is too busy or too small for so many nodes.",
  });
}

/** kwok would say so too, for ten nodes in a second. */
function ready(clock: Clock) {
  const now = new Date(clock.now()).toISOString();
  const times = { lastHeartbeatTime: now, lastTransitionTime: now };
  return { type: "Ready", status: "True", reason: "KubeletReady", message: "played", ...times };
}

/** Keeps new pods off the nodes that take none in the target. */
export async function closeNodes(nodes: readonly CopiedNode[], api: ApiClient, signal: AbortSignal): Promise<void> {
  const contentType = "application/merge-patch+json";
  const body = { spec: { unschedulable: true } };
  const closed = nodes.filter(({ isClosed }) => isClosed);
  await inLanes(closed, ({ name }) =>
    api.call({ method: "PATCH", path: `${path}/${name}`, body, contentType }, signal),
  );
}
