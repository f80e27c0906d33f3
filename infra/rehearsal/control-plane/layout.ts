import { join } from "node:path";

/** Where the files of one rehearsal are, all inside its state folder. */
export interface Layout {
  readonly dir: string;
  /** One log a component. */
  readonly logs: string;
  /** One folder a pod, one file a container instance. */
  readonly podLogs: string;
  /** What pods mount: folders of pods, nodes and claims. */
  readonly volumes: string;
  readonly etcd: string;
  /** Certificates and keys of the API server. */
  readonly certificates: string;
  readonly tokens: string;
  readonly serviceAccountKey: string;
  readonly kwokConfig: string;
  readonly auditPolicy: string;
  /** Files of the controller of groups of pods, its key among them. */
  readonly groups: string;
  /** Every request of a service account outside of the control plane, and whether it was allowed; a line of JSON each. */
  readonly auditLog: string;
  /** The administrator's kubeconfig, for people and for Pulumi. */
  readonly kubeconfig: string;
  readonly componentKubeconfigs: string;
  readonly state: string;
  /** Pulumi's state and plugins for stacks deployed to this rehearsal. */
  readonly pulumi: string;
}

export function layoutOf(dir: string): Layout {
  return {
    dir,
    logs: join(dir, "logs"),
    podLogs: join(dir, "logs", "pods"),
    volumes: join(dir, "volumes"),
    etcd: join(dir, "etcd"),
    certificates: join(dir, "certificates"),
    tokens: join(dir, "certificates", "tokens.csv"),
    serviceAccountKey: join(dir, "certificates", "service-account.key"),
    kwokConfig: join(dir, "kwok.yaml"),
    auditPolicy: join(dir, "audit-policy.yaml"),
    groups: join(dir, "groups"),
    auditLog: join(dir, "logs", "audit.log"),
    kubeconfig: join(dir, "kubeconfig"),
    componentKubeconfigs: join(dir, "certificates"),
    state: join(dir, "state.json"),
    pulumi: join(dir, "pulumi"),
  };
}
