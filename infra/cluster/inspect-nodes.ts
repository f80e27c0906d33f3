import { gpuResource } from "../core/names.ts";
import type { InspectNodesArgs, InspectNodesResult, ObjectKind, PoolNode } from "../core/pool-node.ts";
import { parseQuantity } from "../core/quantity.ts";
import type { Node, ObjectMeta } from "../status/objects.ts";
import type { ApiClient } from "./api-client.ts";
import { labelSelector } from "./api-paths.ts";
import { listAll } from "./list.ts";

/** Reads the nodes that each pool's selector finds, and which cluster this is. Writes nothing. */
export async function inspectNodes(
  client: ApiClient,
  args: InspectNodesArgs,
  signal: AbortSignal,
): Promise<InspectNodesResult> {
  const [version, system, pools, missing] = await Promise.all([
    client.call<{ readonly gitVersion: string }>({ method: "GET", path: "/version" }, signal),
    client.call<{ readonly metadata: ObjectMeta }>({ method: "GET", path: "/api/v1/namespaces/kube-system" }, signal),
    Promise.all(args.pools.map((pool) => inspectPool(client, pool, signal))),
    Promise.all((args.kinds ?? []).map(async (kind) => ((await isServed(client, kind, signal)) ? [] : [kind]))),
  ]);
  return {
    clusterUid: system.metadata.uid ?? "",
    serverVersion: version.gitVersion,
    pools,
    ...(args.kinds === undefined ? {} : { missingKinds: missing.flat() }),
  };
}

/** Whether the API server serves the kind; `apiVersion` names a group. */
async function isServed(client: ApiClient, { apiVersion, kind }: ObjectKind, signal: AbortSignal): Promise<boolean> {
  const path = `/apis/${apiVersion}`;
  const found = await client.find<{ readonly resources: readonly ObjectKind[] }>({ method: "GET", path }, signal);
  return found?.resources.some((one) => one.kind === kind) ?? false;
}

async function inspectPool(
  client: ApiClient,
  pool: InspectNodesArgs["pools"][number],
  signal: AbortSignal,
): Promise<InspectNodesResult["pools"][number]> {
  const query = { labelSelector: labelSelector(pool.selector) || undefined };
  const { items } = await listAll<Node>(client, "/api/v1/nodes", { query, signal });
  const nodes = items.map((node) => poolNodeOf(node, pool.rdma)).sort((a, b) => (a.name < b.name ? -1 : 1));
  return { name: pool.name, nodes };
}

function poolNodeOf(node: Node, rdma: string | undefined): PoolNode {
  const allocatable = node.status?.allocatable ?? {};
  return {
    name: node.metadata.name,
    labels: node.metadata.labels ?? {},
    taints: node.spec?.taints ?? [],
    // The API server has validated its quantities.
    allocatableGpus: parseQuantity(allocatable[gpuResource] ?? "0") ?? 0,
    allocatableMemory: parseQuantity(allocatable.memory ?? "0") ?? 0,
    ...(rdma === undefined ? {} : { allocatableRdma: parseQuantity(allocatable[rdma] ?? "0") ?? 0 }),
    isReady: node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false,
    isUnschedulable: node.spec?.unschedulable ?? false,
  };
}
