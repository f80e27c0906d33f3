import { DeployError } from "../core/errors.ts";
import type { AppRef } from "../gate/ports.ts";
import type { Pod } from "../status/objects.ts";
import type { ApiClient } from "./api-client.ts";
import { collectionPath, labelSelector, objectPath } from "./api-paths.ts";
import { type EndpointSlice, flattenSlices } from "./endpoints.ts";
import { listAll } from "./list.ts";
import { portName, type ServicePorts } from "./service-endpoint.ts";
import type { EnginePod } from "./transport.ts";

/** A Service whose pods are looked for; `port` is the Service's, its first where undefined. */
export interface ServiceQuery {
  readonly namespace: string;
  readonly service: string;
  readonly port?: number;
}

/** One pod of a Service. */
export interface ServicePod extends EnginePod {
  readonly uid: string;
}

/** The pods that a Service selects, both sorted by name. */
export interface ServicePods {
  readonly ready: readonly ServicePod[];
  /** Names of those that are not ready yet. */
  readonly unready: readonly string[];
}

interface SelectingService extends ServicePorts {
  readonly spec: ServicePorts["spec"] & { readonly selector?: Readonly<Record<string, string>> };
}

/**
 * The pods of a Service: those that its selector finds now and its EndpointSlices list. Slices lag behind a selector that has
 * just changed, and would still name the pods of the revision before. Rejects with `E_API` where there is no such Service.
 */
export async function servicePods(client: ApiClient, query: ServiceQuery, signal: AbortSignal): Promise<ServicePods> {
  const { namespace, service: name, port } = query;
  const where = `${namespace}/services/${name}`;
  const path = objectPath("services", namespace, name);
  const service = await client.find<SelectingService>({ method: "GET", path }, signal);
  if (service === undefined) {
    const hint = `Read: kubectl -n ${namespace} get services`;
    throw new DeployError({ code: "E_API", where, message: "There is no such Service.", hint });
  }
  const selector = service.spec.selector ?? {};
  if (Object.keys(selector).length === 0) {
    const message = "It selects no pods: it has no selector.";
    throw new DeployError({ code: "E_API", where, message, hint: "Name a Service that selects the engines." });
  }
  const ref: AppRef = { namespace, app: name, service: name };
  const wanted = portName(service, ref, port);
  const [pods, slices] = await Promise.all([
    listAll<Pod>(client, collectionPath("pods", namespace), {
      query: { labelSelector: labelSelector(selector) },
      signal,
    }),
    listAll<EndpointSlice>(client, collectionPath("endpointslices", namespace), {
      query: { labelSelector: `kubernetes.io/service-name=${name}` },
      signal,
    }),
  ]);
  const endpoints = flattenSlices(
    slices.items.map((slice) => ({
      ...slice,
      ports: (slice.ports ?? []).filter((one) => (one.name ?? "") === wanted),
    })),
  );
  const ready: ServicePod[] = [];
  const unready: string[] = [];
  for (const { metadata, status } of pods.items.toSorted(byName)) {
    const { uid = "", deletionTimestamp } = metadata;
    const endpoint = endpoints.find(({ podUid }) => podUid === uid);
    if (deletionTimestamp !== undefined || status?.phase === "Succeeded" || status?.phase === "Failed") continue;
    if (endpoint?.ready !== true) unready.push(metadata.name);
    else ready.push({ namespace, name: metadata.name, uid, ip: endpoint.address, port: endpoint.port });
  }
  return { ready, unready };
}

function byName(a: Pod, b: Pod): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
