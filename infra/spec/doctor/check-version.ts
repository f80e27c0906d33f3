import type { Finding, Patient } from "./finding.ts";
import { poolNodes } from "./pool-nodes.ts";

/**
 * The oldest Kubernetes that does what the objects ask for: a preStop hook that sleeps without a shell. What else is young in
 * them, a Job's failure policy, is older.
 * @see kubernetes v1.36 pkg/features/kube_features.go, PodLifecycleSleepAction (beta 1.30), JobPodFailurePolicy (beta 1.26)
 */
const oldest = { minor: 30, text: "1.30" };

/** API server and kubelets against {@link oldest}. */
export function checkVersions(patient: Patient): readonly Finding[] {
  const { serverVersion, server } = patient.facts;
  const why = "from where on a pod can sleep before it ends, so that no request is sent to an engine that stops";
  const ofServer = isTooOld(serverVersion)
    ? [
        {
          id: "server-version",
          severity: "error",
          where: `API server ${server}`,
          what: `It is Kubernetes ${serverVersion}; wanted ${oldest.text} or later, ${why}.`,
          cure: "Upgrade the control plane.",
        } as const,
      ]
    : [];
  const ofNodes = poolNodes(patient)
    .filter(({ node }) => isTooOld(node.kubeletVersion))
    .map(({ node }) => ({
      id: "kubelet-version" as const,
      severity: "warning" as const,
      where: `node ${node.name}`,
      what: `Its kubelet is ${node.kubeletVersion}; wanted ${oldest.text} or later, ${why}.`,
      cure: "Upgrade the node.",
    }));
  return [...ofServer, ...ofNodes];
}

/** A version that cannot be read is given the benefit of the doubt. */
function isTooOld(version: string): boolean {
  const [, major = "", minor = ""] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return major === "1" && Number(minor) < oldest.minor;
}
