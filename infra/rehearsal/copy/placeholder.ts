import { gpuResource } from "../../core/names.ts";
import { type Amounts, plus, podRequests } from "../../status/headroom/amounts.ts";
import { type HostPort, hostPortsOf } from "../../status/headroom/host-ports.ts";
import type { PodSpec } from "../../status/objects.ts";
import { placeholderLabel } from "../annotations.ts";

/** Namespace of the pods that stand for those of other people. */
export const othersNamespace = "rehearsal-others";

/** A pod that holds resources of a node and runs nothing. */
export type Placeholder = ReturnType<typeof placeholder>;

interface Hold {
  readonly name: string;
  readonly node: string;
  readonly amounts: Amounts;
  readonly ports?: readonly HostPort[];
}

/**
 * One pod for all that is held on a node: what they ask for together, and their host ports. It carries nothing of theirs,
 * and tolerates and outranks everything, so that it stays where it is.
 */
export function placeholderOf(name: string, node: string, held: readonly PodSpec[]): Placeholder {
  const ports = held.flatMap(hostPortsOf);
  const distinct = new Map(ports.map((one) => [`${one.protocol} ${one.address} ${one.port}`, one]));
  return placeholder({ name, node, amounts: plus(...held.map(podRequests)), ports: [...distinct.values()] });
}

/** A pod that holds so many GPUs of a node, and nothing else. */
export function gpuPlaceholder(name: string, node: string, gpus: number): Placeholder {
  return placeholder({ name, node, amounts: new Map([[gpuResource, gpus]]) });
}

function placeholder({ name, node, amounts, ports = [] }: Hold) {
  const quantities = [...amounts]
    .filter(([, amount]) => amount > 0)
    .map(([resource, amount]) => [resource, resource === "cpu" ? `${amount}m` : String(amount)] as const);
  // Of devices and huge pages the API wants both, and alike.
  const whole = quantities.filter(([resource]) => resource.includes("/") || resource.startsWith("hugepages-"));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: othersNamespace, labels: { [placeholderLabel]: "true" } },
    spec: {
      nodeName: node,
      priorityClassName: "system-node-critical",
      tolerations: [{ operator: "Exists" }],
      automountServiceAccountToken: false,
      containers: [
        {
          name: "held",
          image: "rehearsal/placeholder",
          resources: { requests: Object.fromEntries(quantities), limits: Object.fromEntries(whole) },
          ports: ports.map(({ port, protocol, address }) => ({
            containerPort: port,
            hostPort: port,
            protocol,
            hostIP: address,
          })),
        },
      ],
    },
  };
}
