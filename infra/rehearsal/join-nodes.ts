import type { ApiClient } from "../cluster/api-client.ts";
import type { Clock } from "../core/clock.ts";
import type { Node } from "../status/objects.ts";
import { type NodeEndpoint, type NodeShape, nodeManifests, nodeStatus } from "./nodes.ts";
import { waitUntil } from "./wait-until.ts";

export interface JoinOptions {
  readonly api: ApiClient;
  readonly shapes: readonly NodeShape[];
  readonly at: NodeEndpoint;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const limit = 60_000;

/** Registers the nodes and resolves when all are ready and open to the scheduler. Rejects with `ENV_TOOL` after a minute. */
export async function joinNodes({ api, shapes, at, clock, signal }: JoinOptions): Promise<void> {
  const path = "/api/v1/nodes";
  for (const shape of shapes) {
    for (const body of nodeManifests([shape])) {
      await api.call({ method: "POST", path, body }, signal);
      const status = { status: nodeStatus(shape, at) };
      const contentType = "application/merge-patch+json";
      const statusPath = `${path}/${body.metadata.name}/status`;
      await api.call({ method: "PATCH", path: statusPath, body: status, contentType }, signal);
    }
  }
  const deadline = clock.now() + limit;
  await waitUntil({ what: "the nodes to be ready", deadline, clock, signal, children: [] }, async () => {
    const { items } = await api.call<{ items: readonly Node[] }>({ method: "GET", path }, signal);
    return items.every(isOpen) ? true : undefined;
  });
}

/** Whether pods can be put there: the admission controller taints a new node as not ready, and the node controller takes that away. */
export function isOpen(node: Node): boolean {
  const isReady = node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
  return isReady === true && node.spec?.taints?.some(({ key }) => key.startsWith("node.kubernetes.io/")) !== true;
}
