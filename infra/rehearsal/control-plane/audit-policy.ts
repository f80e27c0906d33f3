import { stringify } from "yaml";

/**
 * What the API server keeps a record of: who asked for what, and whether it was allowed, without contents. Service accounts
 * alone, for theirs are the rights that somebody has to grant; the control plane's own ask for too much to be read.
 */
export function auditPolicy(): string {
  return stringify({
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    rules: [
      { level: "None", userGroups: ["system:serviceaccounts:kube-system"] },
      { level: "Metadata", userGroups: ["system:serviceaccounts"] },
      { level: "None" },
    ],
  });
}
