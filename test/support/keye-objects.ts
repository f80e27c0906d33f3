import type { ResourceObject } from "../../infra/cluster/resources.ts";
import type { TestCluster } from "./rehearsal-cluster.ts";

const collections = [
  "/api/v1/namespaces/keye/services",
  "/api/v1/namespaces/keye/configmaps",
  "/api/v1/namespaces/keye/serviceaccounts",
  "/api/v1/namespaces/keye/pods",
  "/apis/apps/v1/namespaces/keye/deployments",
  "/apis/apps/v1/namespaces/keye/replicasets",
  "/apis/policy/v1/namespaces/keye/poddisruptionbudgets",
  "/apis/networking.k8s.io/v1/namespaces/keye/networkpolicies",
  "/apis/coordination.k8s.io/v1/namespaces/keye/leases",
];

/** Every object of the stack's namespace as it stands in the API, by path and name. */
export async function snapshot(cluster: TestCluster): Promise<ReadonlyMap<string, ResourceObject>> {
  const found = new Map<string, ResourceObject>();
  for (const path of collections) {
    const { items } = await cluster.call<{ items: ResourceObject[] }>({ method: "GET", path });
    for (const object of items) found.set(`${path}/${object.metadata.name}`, object);
  }
  return found;
}

/** The resource version of each object: equal maps mean that nothing was written. */
export function versions(objects: ReadonlyMap<string, ResourceObject>): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries([...objects].map(([key, { metadata }]) => [key, metadata.resourceVersion]));
}

/** Objects whose key contains one of `parts`, as text without their resource versions. */
export function bytesOf(objects: ReadonlyMap<string, ResourceObject>, parts: readonly string[]): readonly string[] {
  return [...objects]
    .filter(([key]) => parts.some((part) => key.includes(part)))
    .map(
      ([key, object]) =>
        `${key} ${JSON.stringify(object, (name, value) => (name === "resourceVersion" ? undefined : value))}`,
    );
}
