/** An object to be made at a path. */
export interface NewObject {
  readonly path: string;
  readonly body: object;
}

/** What the webhooks look at: its own objects, and pods that it has made. */
interface Hook {
  readonly name: string;
  readonly path: string;
  readonly group: string;
  readonly resource: string;
  readonly operations: readonly string[];
  readonly objectSelector?: object;
}

const ofGroups = { matchExpressions: [{ key: "leaderworkerset.sigs.k8s.io/name", operator: "Exists" }] };

/** @see sigs.k8s.io/lws v0.8.0, config/webhook: there a Service leads to the controller, here its own address */
const mutating: readonly Hook[] = [
  {
    name: "mleaderworkerset.kb.io",
    path: "/mutate-leaderworkerset-x-k8s-io-v1-leaderworkerset",
    group: "leaderworkerset.x-k8s.io",
    resource: "leaderworkersets",
    operations: ["CREATE", "UPDATE"],
  },
  {
    name: "mpod.kb.io",
    path: "/mutate--v1-pod",
    group: "",
    resource: "pods",
    operations: ["CREATE"],
    objectSelector: ofGroups,
  },
];

const validating: readonly Hook[] = [
  {
    name: "vleaderworkerset.kb.io",
    path: "/validate-leaderworkerset-x-k8s-io-v1-leaderworkerset",
    group: "leaderworkerset.x-k8s.io",
    resource: "leaderworkersets",
    operations: ["CREATE", "UPDATE"],
  },
  {
    name: "vpod.kb.io",
    path: "/validate--v1-pod",
    group: "",
    resource: "pods",
    operations: ["CREATE", "UPDATE"],
    objectSelector: ofGroups,
  },
];

/** The webhooks of the LeaderWorkerSet controller at `base`, whose certificate `authority` (PEM) has signed. */
export function webhookConfigurations(base: string, authority: string): readonly NewObject[] {
  const configuration = (kind: "Mutating" | "Validating", hooks: readonly Hook[]): NewObject => ({
    path: `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations`,
    body: {
      metadata: { name: `lws-${kind.toLowerCase()}-webhook-configuration` },
      webhooks: hooks.map(({ name, path, group, resource, operations, objectSelector }) => ({
        name,
        clientConfig: { url: `${base}${path}`, caBundle: Buffer.from(authority).toString("base64") },
        rules: [{ apiGroups: [group], apiVersions: ["v1"], operations, resources: [resource] }],
        ...(objectSelector === undefined ? {} : { objectSelector }),
        failurePolicy: "Fail",
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      })),
    },
  });
  return [configuration("Mutating", mutating), configuration("Validating", validating)];
}
