import type { ApiClient } from "../../cluster/api-client.ts";
import type { Clock } from "../../core/clock.ts";
import type { Milliseconds } from "../../core/units.ts";
import type { ResourceQuota } from "../../status/objects.ts";
import { waitUntil } from "../wait-until.ts";
import type { ClusterCopy } from "./copy.ts";
import { inLanes } from "./in-lanes.ts";
import { othersNamespace, type Placeholder } from "./placeholder.ts";

/** What a stack finds in its namespace. Names only: the contents are made up. */
export interface NamespaceContents {
  readonly namespace: string;
  readonly secrets: readonly { readonly name: string; readonly keys: readonly string[] }[];
  readonly claims: readonly string[];
  readonly runtimeClass?: string;
}

export interface Furnishing {
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const limit: Milliseconds = 60_000;

/** Puts in place what others hold, and the stack's namespace with its limits and what the settings name there. */
export async function furnish(
  { nodes, limits }: ClusterCopy,
  { namespace, secrets, claims, runtimeClass }: NamespaceContents,
  { api, clock, signal }: Furnishing,
): Promise<void> {
  const create = (path: string, body: object) => api.call({ method: "POST", path, body }, signal);
  const home = `/api/v1/namespaces/${namespace}`;
  await create("/api/v1/namespaces", { metadata: { name: othersNamespace } });
  await create("/api/v1/namespaces", { metadata: { name: namespace } });
  // Pods are refused until their namespace has its service account.
  await until(`the service accounts of ${othersNamespace}`, async () => {
    const path = `/api/v1/namespaces/${othersNamespace}/serviceaccounts/default`;
    return (await api.find({ method: "GET", path }, signal)) !== undefined;
  });
  await hold(
    nodes.flatMap(({ others }) => others ?? []),
    api,
    signal,
  );
  for (const { name, keys } of secrets) {
    const stringData = Object.fromEntries(keys.map((key) => [key, "rehearsal"]));
    await create(`${home}/secrets`, { metadata: { name }, stringData });
  }
  const spec = { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } };
  for (const name of claims) await create(`${home}/persistentvolumeclaims`, { metadata: { name }, spec });
  if (runtimeClass !== undefined) {
    const body = { metadata: { name: runtimeClass }, handler: "rehearsal" };
    await create("/apis/node.k8s.io/v1/runtimeclasses", body);
  }
  for (const body of limits.ranges) await create(`${home}/limitranges`, body);
  for (const body of limits.quotas) await create(`${home}/resourcequotas`, body);
  // A quota lets nothing in until its use has been counted.
  await until("the quotas to be counted", async () => {
    const path = `${home}/resourcequotas`;
    const { items } = await api.call<{ readonly items: readonly ResourceQuota[] }>({ method: "GET", path }, signal);
    return items.every(({ status }) => status?.used !== undefined);
  });

  function until(what: string, check: () => Promise<boolean>): Promise<true> {
    const deadline = clock.now() + limit;
    return waitUntil({ what, deadline, clock, signal, children: [] }, async () => (await check()) || undefined);
  }
}

const path = `/api/v1/namespaces/${othersNamespace}/pods`;

/** Puts pods on nodes that hold a place there. */
export function hold(pods: readonly Placeholder[], api: ApiClient, signal: AbortSignal): Promise<void> {
  return inLanes(pods, (body) => api.call({ method: "POST", path, body }, signal));
}

/** Takes them away, at once: nothing runs in them. */
export function letGo(pods: readonly Placeholder[], api: ApiClient, signal: AbortSignal): Promise<void> {
  const body = { gracePeriodSeconds: 0 };
  return inLanes(pods, ({ metadata }) =>
    api.call({ method: "DELETE", path: `${path}/${metadata.name}`, body }, signal),
  );
}
