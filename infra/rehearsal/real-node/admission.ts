import type { ApiClient } from "../../cluster/api-client.ts";
import { type Wait, waitUntil } from "../wait-until.ts";
import { onRealNode, realNodeLabel } from "./node-object.ts";

const name = "pods-on-real-nodes";
const toleration = `Object.spec.tolerations{key: "${realNodeLabel.key}", operator: "Exists"}`;

/**
 * A pod that selects a real node is put on the machine's network, since real nodes have no other, and gets the toleration:
 * so the objects of production run there unchanged, by their node selector alone.
 */
const policy = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingAdmissionPolicy",
  metadata: { name },
  spec: {
    matchConstraints: {
      resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
    },
    matchConditions: [
      {
        name: "selects-a-real-node",
        expression: `object.spec.?nodeSelector[?"${realNodeLabel.key}"].orValue("") == "${realNodeLabel.value}"`,
      },
    ],
    failurePolicy: "Fail",
    reinvocationPolicy: "Never",
    mutations: [
      {
        patchType: "JSONPatch",
        jsonPatch: {
          expression: `[
  JSONPatch{op: "add", path: "/spec/hostNetwork", value: true},
  has(object.spec.tolerations)
    ? JSONPatch{op: "add", path: "/spec/tolerations/-", value: ${toleration}}
    : JSONPatch{op: "add", path: "/spec/tolerations", value: [${toleration}]}
]`,
        },
      },
    ],
  },
};

const binding = {
  apiVersion: policy.apiVersion,
  kind: "MutatingAdmissionPolicyBinding",
  metadata: { name },
  spec: { policyName: name },
};

/** Has the API server fit pods for real nodes. Resolves once it does. */
export async function admitRealPods(api: ApiClient, wait: Omit<Wait, "what" | "children">): Promise<void> {
  const query = { fieldManager: "rehearsal", force: true };
  for (const [plural, body] of [
    ["mutatingadmissionpolicies", policy],
    ["mutatingadmissionpolicybindings", binding],
  ] as const) {
    const path = `/apis/${policy.apiVersion}/${plural}/${name}`;
    await api.call({ method: "PATCH", path, query, body, contentType: "application/apply-patch+yaml" }, wait.signal);
  }
  const body = {
    metadata: { name: "real-node-trial" },
    spec: { ...onRealNode, containers: [{ name: "trial", image: "trial" }] },
  };
  // The server takes a moment to see a new policy.
  await waitUntil({ ...wait, what: "pods to be fitted for real nodes", children: [] }, async () => {
    const path = "/api/v1/namespaces/default/pods";
    const trial = { method: "POST", path, query: { dryRun: "All" }, body } as const;
    const { spec } = await api.call<{ spec: { hostNetwork?: boolean } }>(trial, wait.signal);
    return spec.hostNetwork;
  });
}
