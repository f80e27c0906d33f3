import { DeployError } from "../core/errors.ts";
import type { AppRef } from "../gate/ports.ts";
import type { ApiClient } from "./api-client.ts";
import { collectionPath, objectPath } from "./api-paths.ts";
import { type EndpointSlice, flattenSlices } from "./endpoints.ts";
import { listAll } from "./list.ts";
import type { PodPort } from "./pod-dialer.ts";

/** The ports of a Service. */
export interface ServicePorts {
  readonly spec: { readonly ports?: readonly { readonly name?: string; readonly port: number }[] };
}

/**
 * The pods that the live Service leads to as its EndpointSlices say now: ready ones, in the order of their names.
 * `port` is the Service's; its first where undefined. Rejects with `E_PROBE` where none is ready.
 */
export async function readyPods(
  client: ApiClient,
  target: { readonly ref: AppRef; readonly port: number | undefined },
  signal: AbortSignal,
): Promise<readonly [PodPort, ...PodPort[]]> {
  const { ref, port } = target;
  const query = { labelSelector: `kubernetes.io/service-name=${ref.service}` };
  const [service, slices] = await Promise.all([
    client.call<ServicePorts>({ method: "GET", path: objectPath("services", ref.namespace, ref.service) }, signal),
    listAll<EndpointSlice>(client, collectionPath("endpointslices", ref.namespace), { query, signal }),
  ]);
  const name = portName(service, ref, port);
  const ofPort = slices.items.map((slice) => ({
    ...slice,
    ports: (slice.ports ?? []).filter((one) => (one.name ?? "") === name),
  }));
  const [first, ...others] = flattenSlices(ofPort)
    .flatMap(({ ready, podName, port: podPort }) =>
      ready && podName !== undefined ? [{ namespace: ref.namespace, pod: podName, port: podPort }] : [],
    )
    .sort((a, b) => (a.pod < b.pod ? -1 : 1));
  if (first !== undefined) return [first, ...others];
  throw new DeployError({
    code: "E_PROBE",
    where: `${ref.namespace}/services/${ref.service}`,
    message: "Its EndpointSlices list no ready pod.",
    hint: `Read: kubectl -n ${ref.namespace} get endpointslices -l ${query.labelSelector}`,
  });
}

/** The name of a Service's port, under which its slices list it; an only port may have none. Throws `E_PROBE`. */
export function portName(service: ServicePorts, ref: AppRef, wanted: number | undefined): string {
  const ports = service.spec.ports ?? [];
  const found = wanted === undefined ? ports[0] : ports.find((one) => one.port === wanted);
  if (found !== undefined) return found.name ?? "";
  throw new DeployError({
    code: "E_PROBE",
    where: `${ref.namespace}/services/${ref.service}`,
    message: `It has no port ${wanted ?? ""}; its ports are: ${ports.map((one) => one.port).join(", ") || "none"}.`,
  });
}
