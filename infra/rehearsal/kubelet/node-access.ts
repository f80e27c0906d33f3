import type { ApiClient } from "../../cluster/api-client.ts";
import { simulatedNodeLabel } from "../control-plane/arguments.ts";
import { loopbackOf } from "../pod-address.ts";
import type { LogLinks } from "./log-files.ts";
import type { ContainerSpec, KubePod } from "./pod-types.ts";
import { portNumber } from "./probe-attempt.ts";

const group = "/apis/kwok.x-k8s.io/v1alpha1";

/** What kwok must know of a pod to answer for its node: where the logs are, and where the ports lead. */
export function accessObjects(pod: KubePod, podIP: string, logsOf: (container: string) => LogLinks) {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const logs = containers.map(({ name }) => {
    const links = logsOf(name);
    return { containers: [name], logsFile: links.current, previousLogsFile: links.previous, follow: true };
  });
  const ports = [...new Set(containers.flatMap(portsOf))].sort((a, b) => a - b);
  const forwards = ports.map((port) => ({ ports: [port], target: { address: loopbackOf(podIP), port } }));
  return { logs: { logs }, portforwards: { forwards } };
}

/** Ports that a container may listen on: declared, probed, or given as `--port` on the command line. */
export function portsOf(container: ContainerSpec): number[] {
  const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
  const probed = probes.map((probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port);
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  const given = words.map((word, index) => {
    const value = word === "--port" ? words[index + 1] : word.startsWith("--port=") ? word.slice("--port=".length) : "";
    return Number(value);
  });
  const declared = (container.ports ?? []).map(({ containerPort }) => containerPort);
  const named = probed.map((port) => (port === undefined ? undefined : portNumber(port, container)));
  return [...declared, ...named, ...given].filter(
    (port) => port !== undefined && Number.isInteger(port) && port > 0,
  ) as number[];
}

/** Tells kwok about a pod, or again about a new pod of the same name. */
export async function grantAccess(
  api: ApiClient,
  pod: KubePod,
  objects: ReturnType<typeof accessObjects>,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const owner = { apiVersion: "v1", kind: "Pod", name, uid };
  for (const [plural, kind] of [
    ["logs", "Logs"],
    ["portforwards", "PortForward"],
  ] as const) {
    const body = {
      apiVersion: "kwok.x-k8s.io/v1alpha1",
      kind,
      metadata: { name, namespace, ownerReferences: [owner] },
      spec: objects[plural],
    };
    const path = `${group}/namespaces/${namespace}/${plural}/${name}`;
    const query = { fieldManager: "rehearsal", force: true };
    await api.call({ method: "PATCH", path, query, body, contentType: "application/apply-patch+yaml" }, signal);
  }
}

/** Takes a node out of kwok's hands: nobody renews its lease any more, and nobody answers for its pods. */
export async function abandonNode(api: ApiClient, name: string, signal: AbortSignal): Promise<void> {
  const body = { metadata: { labels: { [simulatedNodeLabel.key]: null } } };
  const contentType = "application/merge-patch+json";
  await api.call({ method: "PATCH", path: `/api/v1/nodes/${name}`, body, contentType }, signal);
}
