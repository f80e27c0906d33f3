import { stringify } from "yaml";
import type { RealNodeLayout } from "./layout.ts";
import { pauseImage } from "./pause-image.ts";

/** Where containerd listens, as the node's own processes see it. */
export const containerdSocket = "/run/containerd/containerd.sock";

/** What the settings of a node's programs depend on. */
export interface NodeSettings {
  readonly layout: RealNodeLayout;
  /** Loopback address on which the kubelet and containerd's streaming server listen. */
  readonly address: string;
  readonly kubeletPort: number;
  /** How containerd stacks layers: `native` copies them, where the node's folder cannot hold an overlay. */
  readonly snapshotter: "overlayfs" | "native";
}

/** containerd's configuration file, for releases 1.6 and 1.7. */
export function containerdConfig({ layout, address, snapshotter }: NodeSettings): string {
  const otherSnapshotters = ["aufs", "btrfs", "devmapper", "zfs"].map((name) => `io.containerd.snapshotter.v1.${name}`);
  // A JSON string or list of strings is one of TOML too.
  const text = (value: string | readonly string[]) => JSON.stringify(value);
  return `version = 2
root = ${text(layout.images)}
state = "/run/containerd"
disabled_plugins = ${text([...otherSnapshotters, "io.containerd.internal.v1.opt"])}

[grpc]
address = ${text(containerdSocket)}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${text(pauseImage)}
stream_server_address = ${text(address)}
# A machine that is a container itself may not lower the score of the processes that it starts.
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = ${text(snapshotter)}

[plugins."io.containerd.grpc.v1.cri".cni]
conf_dir = ${text(layout.cni)}
bin_dir = ${text(layout.cni)}
`;
}

/** A pod network that exists by name only, so that the node turns Ready. Pods share the machine's. */
export function cniConfig(): string {
  return JSON.stringify({ cniVersion: "0.4.0", name: "none", plugins: [{ type: "none" }] });
}

/** The kubelet's configuration file. */
export function kubeletConfig({ layout, address, kubeletPort }: NodeSettings): string {
  return stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address,
    port: kubeletPort,
    readOnlyPort: 0,
    healthzPort: 0,
    // The rehearsal's API server has no certificate for kubelets: whoever reaches this loopback port may do anything.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    // The Node object is ours: the kubelet refuses to register a loopback address itself.
    registerNode: false,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    podLogsDir: layout.podLogs,
    volumePluginDir: `${layout.kubelet}/plugins`,
    resolvConf: "",
    // The machine's control groups may be of the first version, and its root group is not ours to divide.
    failCgroupV1: false,
    cgroupDriver: "cgroupfs",
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    // A machine with little memory or disk left still runs its tests: only what passes its own limits is evicted.
    evictionHard: { "memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%" },
    imageGCHighThresholdPercent: 100,
  });
}

/** The kubelet's command line. */
export function kubeletArguments(layout: RealNodeLayout, name: string, kubeconfig: string): string[] {
  return [
    `--config=${layout.kubeletConfig}`,
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${name}`,
    `--root-dir=${layout.kubelet}`,
    `--cert-dir=${layout.certificates}`,
    // With it the kubelet keeps the addresses that the Node object has.
    "--cloud-provider=external",
  ];
}
