import type { Layout } from "./layout.ts";

/** Addresses of one control plane. All are loopback. */
export interface Endpoints {
  /** Of etcd, the node simulation, and the API server unless its port was asked for. */
  readonly host: string;
  readonly apiserverHost: string;
  readonly apiserverPort: number;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly kubeletPort: number;
}

/** Cluster IPs of Services: records only, nothing is ever sent there. */
const serviceRange = "10.0.0.0/16";

/** Label of the nodes that the rehearsal plays. A node without it is nobody's: its lease goes stale. */
export const simulatedNodeLabel = { key: "rehearsal.keye-stack.dev/node", value: "simulated" } as const;

export function etcdArguments(layout: Layout, at: Endpoints): string[] {
  const client = `http://${at.host}:${at.etcdPort}`;
  const peer = `http://${at.host}:${at.etcdPeerPort}`;
  return [
    `--data-dir=${layout.etcd}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--log-level=warn",
    // The data dies with the rehearsal: waiting for the disk would protect nothing.
    "--unsafe-no-fsync=true",
  ];
}

export function apiserverArguments(layout: Layout, at: Endpoints): string[] {
  return [
    `--etcd-servers=http://${at.host}:${at.etcdPort}`,
    `--bind-address=${at.apiserverHost}`,
    `--advertise-address=${at.apiserverHost}`,
    `--secure-port=${at.apiserverPort}`,
    // The server makes its own certificate there, valid for the advertised address.
    `--cert-dir=${layout.certificates}`,
    `--token-auth-file=${layout.tokens}`,
    "--authorization-mode=Node,RBAC",
    "--allow-privileged=true",
    `--service-cluster-ip-range=${serviceRange}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${layout.serviceAccountKey}`,
    `--service-account-signing-key-file=${layout.serviceAccountKey}`,
    // The API refuses a loopback address in the endpoints of the Service "kubernetes".
    "--endpoint-reconciler-type=none",
    "--kubelet-preferred-address-types=InternalIP",
    `--audit-policy-file=${layout.auditPolicy}`,
    `--audit-log-path=${layout.auditLog}`,
    "--profiling=false",
  ];
}

/** `areNodesLasting`: a node whose lease is not renewed is not taken for lost. */
export function controllerManagerArguments(layout: Layout, kubeconfig: string, areNodesLasting: boolean): string[] {
  return [
    ...(areNodesLasting ? ["--node-monitor-grace-period=24h"] : []),
    `--kubeconfig=${kubeconfig}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--use-service-account-credentials=true",
    `--service-account-private-key-file=${layout.serviceAccountKey}`,
    `--root-ca-file=${apiserverCertificate(layout)}`,
    "--profiling=false",
    // The default of 20 requests a second makes the controllers' own start-up take five seconds.
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
  ];
}

export function schedulerArguments(kubeconfig: string): string[] {
  return [`--kubeconfig=${kubeconfig}`, "--leader-elect=false", "--secure-port=0", "--profiling=false"];
}

export function kwokArguments(layout: Layout, at: Endpoints, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--config=${layout.kwokConfig}`,
    `--manage-nodes-with-label-selector=${simulatedNodeLabel.key}=${simulatedNodeLabel.value}`,
    `--node-ip=${at.host}`,
    `--node-port=${at.kubeletPort}`,
    `--server-address=${at.host}:${at.kubeletPort}`,
    "--enable-crds=Logs,PortForward",
    "--node-lease-duration-seconds=40",
  ];
}

/** Certificate that the API server makes for itself, followed by the authority that signed it. */
export function apiserverCertificate(layout: Layout): string {
  return `${layout.certificates}/apiserver.crt`;
}
