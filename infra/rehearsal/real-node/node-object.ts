import { simulatedNodeLabel } from "../control-plane/arguments.ts";

/** Label and taint of a real node. The taint keeps everything that does not select one on simulated nodes. */
export const realNodeLabel = { key: simulatedNodeLabel.key, value: "real" } as const;

/** Fields of a pod's spec that put it on a real node. */
export const onRealNode = { nodeSelector: { [realNodeLabel.key]: realNodeLabel.value } } as const;

/** The Node object, without status. */
export function realNodeManifest(name: string) {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/arch": process.arch === "x64" ? "amd64" : process.arch,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        [realNodeLabel.key]: realNodeLabel.value,
      },
    },
    spec: { taints: [{ ...realNodeLabel, effect: "NoSchedule" }] },
  };
}

/** What the kubelet needs to find in the node's status; it writes the rest. */
export function realNodeStatus(name: string, address: string) {
  return {
    addresses: [
      { type: "InternalIP", address },
      { type: "Hostname", address: name },
    ],
  };
}
