import { connect, createServer, type Server, type Socket } from "node:net";
import type { ApiClient } from "../cluster/api-client.ts";
import { followObjects } from "../cluster/resources.ts";
import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import { loopbackOf } from "./pod-address.ts";

/** The part of an EndpointSlice that a proxy reads. */
export interface EndpointSlice {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid?: string };
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  }[];
}

export interface ServiceProxyOptions {
  readonly api: ApiClient;
  readonly clock: Clock;
  readonly namespace: string;
  readonly service: string;
  /** Name of the Service's port; empty for the only one. */
  readonly portName: string;
  readonly listen: { readonly host: string; readonly port: number };
}

export interface ServiceProxy {
  readonly url: string;
  /** Where new connections go now, as `host:port` of the pods. */
  readonly endpoints: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens one loopback address that stands for a Service, as a node's service proxy does: each new connection goes to the
 * next endpoint; those that are open stay where they are when the selector moves; with no endpoint they are reset.
 * While the API server is away the last known endpoints serve. Rejects with `ENV_PORT_TAKEN`.
 */
export async function startServiceProxy(options: ServiceProxyOptions): Promise<ServiceProxy> {
  const { api, clock, namespace, service, portName, listen } = options;
  const end = new AbortController();
  const slices = new Map<string, EndpointSlice>();
  const sockets = new Set<Socket>();
  let turn = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const endpoints = usableEndpoints([...slices.values()], portName);
    const target = endpoints[turn++ % Math.max(1, endpoints.length)];
    if (target === undefined) client.resetAndDestroy();
    else join(client, target, sockets);
  });
  await opened(server, listen);
  const synced = Promise.withResolvers<void>();
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const query = { labelSelector: `kubernetes.io/service-name=${service}` };
  const following = followObjects<EndpointSlice>(api, { path, query, clock, signal: end.signal }, (change) => {
    if (change.kind === "synced") synced.resolve();
    else if (change.kind === "set") slices.set(change.object.metadata.name, change.object);
    else slices.delete(change.object.metadata.name);
  });
  await Promise.race([synced.promise, following]);
  return {
    url: `http://${listen.host}:${listen.port}`,
    get endpoints() {
      return usableEndpoints([...slices.values()], portName);
    },
    async close() {
      end.abort();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await following;
    },
  };
}

/**
 * The endpoints of a port that get new connections, each once, as `host:port` of the pods, sorted: the ready ones; where
 * there is none, those that still serve while they terminate.
 *
 * @see kubernetes 1.36 `pkg/proxy/topology.go`, CategorizeEndpoints
 */
export function usableEndpoints(slices: readonly EndpointSlice[], portName: string): string[] {
  // An endpoint that does not say otherwise is ready.
  const ready = addressesOf(slices, portName, ({ conditions }) => conditions?.ready !== false);
  if (ready.length > 0) return ready;
  return addressesOf(
    slices,
    portName,
    ({ conditions }) => conditions?.serving === true && conditions.terminating === true,
  );
}

type SliceEndpoint = NonNullable<EndpointSlice["endpoints"]>[number];

function addressesOf(
  slices: readonly EndpointSlice[],
  portName: string,
  isWanted: (endpoint: SliceEndpoint) => boolean,
): string[] {
  const found = slices.flatMap((slice) => {
    const port = slice.ports?.find(({ name }) => (name ?? "") === portName)?.port;
    const wanted = (slice.endpoints ?? []).filter(isWanted);
    return port === undefined
      ? []
      : wanted.flatMap(({ addresses }) => addresses.map((address) => `${address}:${port}`));
  });
  return [...new Set(found)].sort();
}

function join(client: Socket, target: string, sockets: Set<Socket>): void {
  const [host = "", port] = target.split(":");
  const pod = connect({ host: loopbackOf(host), port: Number(port), allowHalfOpen: true });
  for (const [socket, other] of [
    [client, pod],
    [pod, client],
  ] as const) {
    sockets.add(socket);
    // A reset on one side is a reset on the other: clients must see what a pod's death looks like.
    socket.on("error", () => other.resetAndDestroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroySoon();
    });
    socket.pipe(other);
  }
}

function opened(server: Server, listen: ServiceProxyOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const { host, port } = listen;
      const isTaken = cause.code === "EADDRINUSE";
      const taken = { code: "ENV_PORT_TAKEN", message: "Another program listens there already." } as const;
      reject(isTaken ? new DeployError({ ...taken, where: `${host}:${port}`, cause }) : cause);
    });
    server.listen({ ...listen, exclusive: true }, resolve);
  });
}
