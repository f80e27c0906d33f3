import type { KubernetesObject } from "../core/kubernetes-object.ts";

/** The object with the annotation by which Pulumi's provider does not wait until it is ready. */
export function unawaited(object: KubernetesObject): KubernetesObject {
  return annotated(object, "skipAwait", "true");
}

/**
 * The object with the annotation by which its name is free at once when it is deleted, while what it owns still ends. With
 * the provider's default a revision could not come back before the last of its pods has drained.
 */
export function deletedInBackground(object: KubernetesObject): KubernetesObject {
  return annotated(object, "deletionPropagationPolicy", "background");
}

function annotated(object: KubernetesObject, name: string, value: string): KubernetesObject {
  const annotations = { ...object.metadata.annotations, [`pulumi.com/${name}`]: value };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
