import type { KubernetesObject } from "../core/kubernetes-object.ts";

/** The object with the annotation by which Pulumi's provider does not wait until it is ready. */
export function unawaited(object: KubernetesObject): KubernetesObject {
  const annotations = { ...object.metadata.annotations, "pulumi.com/skipAwait": "true" };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
