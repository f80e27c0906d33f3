import type { PodSpec } from "../objects.ts";

/** A port of the node itself that a pod takes. */
export interface HostPort {
  readonly port: number;
  readonly protocol: string;
  /** `0.0.0.0` for every address of the node. */
  readonly address: string;
}

const everyAddress = "0.0.0.0";

/** The node's ports that a pod takes; those of all its containers where it shares the node's network. */
export function hostPortsOf({ containers, initContainers = [], hostNetwork = false }: PodSpec): readonly HostPort[] {
  const running = [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === "Always")];
  return running
    .flatMap(({ ports = [] }) => ports)
    .map(({ containerPort, hostPort, hostIP, protocol = "TCP" }) => ({
      port: hostPort || (hostNetwork ? containerPort : 0),
      protocol,
      address: hostIP || everyAddress,
    }))
    .filter(({ port }) => port > 0);
}

/** Whether one of the pods has the port, on this address or on all. */
export function isPortTaken(wanted: HostPort, held: readonly PodSpec[]): boolean {
  return held.flatMap(hostPortsOf).some(({ port, protocol, address }) => {
    const meet = address === wanted.address || address === everyAddress || wanted.address === everyAddress;
    return port === wanted.port && protocol === wanted.protocol && meet;
  });
}
