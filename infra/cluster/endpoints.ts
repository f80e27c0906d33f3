import type { Endpoint } from "../status/objects.ts";

/** The parts of an EndpointSlice that are read here. */
export interface EndpointSlice {
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
  readonly endpoints?: readonly SliceEndpoint[] | null;
}

interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  };
  readonly targetRef?: { readonly kind?: string; readonly name?: string; readonly uid?: string };
}

/**
 * The addresses of a Service's slices, one for each address and port.
 *
 * Absent conditions mean what the API says they do: `ready` true, `serving` as `ready`, `terminating` false.
 * @see k8s.io/api discovery/v1 EndpointConditions (v1.36)
 */
export function flattenSlices(slices: readonly EndpointSlice[]): Endpoint[] {
  return slices.flatMap((slice) =>
    (slice.endpoints ?? []).flatMap((endpoint) =>
      (slice.ports ?? []).flatMap(({ port }) => (port === undefined ? [] : addressesOf(endpoint, port))),
    ),
  );
}

function addressesOf(endpoint: SliceEndpoint, port: number): Endpoint[] {
  const ready = endpoint.conditions?.ready ?? true;
  const pod = endpoint.targetRef?.kind === "Pod" ? endpoint.targetRef : undefined;
  return endpoint.addresses.map((address) => ({
    address,
    port,
    ready,
    serving: endpoint.conditions?.serving ?? ready,
    terminating: endpoint.conditions?.terminating ?? false,
    ...(pod?.name === undefined ? {} : { podName: pod.name }),
    ...(pod?.uid === undefined ? {} : { podUid: pod.uid }),
  }));
}
