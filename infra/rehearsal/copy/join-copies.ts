import type { ApiClient } from "../../cluster/api-client.ts";
import type { Clock } from "../../core/clock.ts";
import type { Milliseconds } from "../../core/units.ts";
import type { Node } from "../../status/objects.ts";
import { isOpen } from "../join-nodes.ts";
import { type NodeEndpoint, playedStatus } from "../nodes.ts";
import { waitUntil } from "../wait-until.ts";
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
    const status = { status: playedStatus({ capacity, allocatable }, at) };
    const contentType = "application/merge-patch+json";
    await api.call({ method: "PATCH", path: `${path}/${name}/status`, body: status, contentType }, signal);
  });
  const deadline = clock.now() + limit;
  await waitUntil({ what: "the nodes to be ready", deadline, clock, signal, children: [] }, async () => {
    const { items } = await api.call<{ readonly items: readonly Node[] }>({ method: "GET", path }, signal);
    return items.every(isOpen) ? true : undefined;
  });
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
