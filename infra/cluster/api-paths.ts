/** Paths of the Kubernetes API that this room uses. Names are percent-encoded here and nowhere else. */

const plurals = {
  pods: "/api/v1",
  services: "/api/v1",
  events: "/api/v1",
  configmaps: "/api/v1",
  secrets: "/api/v1",
  persistentvolumeclaims: "/api/v1",
  resourcequotas: "/api/v1",
  limitranges: "/api/v1",
  deployments: "/apis/apps/v1",
  replicasets: "/apis/apps/v1",
  leaderworkersets: "/apis/leaderworkerset.x-k8s.io/v1",
  endpointslices: "/apis/discovery.k8s.io/v1",
  poddisruptionbudgets: "/apis/policy/v1",
  leases: "/apis/coordination.k8s.io/v1",
  jobs: "/apis/batch/v1",
} as const;

/** A namespaced resource that this room reads or writes. */
export type Plural = keyof typeof plurals;

/** The collection of a resource in one namespace. */
export function collectionPath(plural: Plural, namespace: string): string {
  return `${plurals[plural]}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

/** One object, or one of its subresources such as `scale`. */
export function objectPath(plural: Plural, namespace: string, name: string, subresource?: string): string {
  const path = `${collectionPath(plural, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** A label selector that wants every one of `labels`. */
export function labelSelector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
