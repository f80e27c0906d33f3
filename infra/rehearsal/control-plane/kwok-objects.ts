import { stringify } from "yaml";

/**
 * What makes a simulated node Ready, and Ready again after the node controller has marked it unknown. Capacity, labels
 * and addresses are written with the node; pods have no Stage, their status is the kubelet simulation's.
 *
 * @see kwok v0.8.0 `kustomize/stage/node/fast`, from which the conditions' template is taken
 */
const nodeReadyStage = {
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind: "Stage",
  metadata: { name: "node-ready" },
  spec: {
    resourceRef: { apiGroup: "v1", kind: "Node" },
    selector: {
      matchExpressions: [
        { key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: "NotIn", values: ["True"] },
      ],
    },
    next: {
      statusTemplate: `{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
  message: {{ .message | Quote }}
  reason: {{ .reason | Quote }}
  status: {{ .status | Quote }}
  type: {{ .type | Quote }}
{{ end }}
daemonEndpoints:
  kubeletEndpoint:
    Port: {{ NodePort }}
`,
    },
  },
};

/** kwok's configuration file. */
export function kwokConfig(): string {
  return stringify(nodeReadyStage);
}

/** Custom resources that tell kwok where a pod's logs and ports are. Their schemas are kwok's to check, not ours. */
export const kwokResourceDefinitions = [
  definition("Logs", "logs", "logs"),
  definition("PortForward", "portforwards", "portforward"),
];

function definition(kind: string, plural: string, singular: string) {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.kwok.x-k8s.io` },
    spec: {
      group: "kwok.x-k8s.io",
      scope: "Namespaced",
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  };
}
