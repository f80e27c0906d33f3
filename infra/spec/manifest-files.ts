import { stringify } from "yaml";
import type { KubernetesObject } from "../core/kubernetes-object.ts";
import { noRevision, revisionLabel, revisionName } from "../core/names.ts";

/** A file of a rendered directory. */
export interface ManifestFile {
  /** Its name in the directory. */
  readonly name: string;
  readonly text: string;
}

/** Name of the file that lists the others. */
export const kustomizationFile = "kustomization.yaml";

/** First line of every {@link kustomizationFile} that is ours. */
export const renderMarker =
  "# Written by keye render, which removes or replaces the files listed here when it runs again.";

/**
 * Tells Argo CD and Flux to leave an object alone that is not in the directory any more: what serves is retired once its
 * successor is proven, not when its successor is written down.
 */
const unpruned = {
  "argocd.argoproj.io/sync-options": "Prune=false",
  "kustomize.toolkit.fluxcd.io/prune": "disabled",
};

/**
 * One file for each object and a kustomization, in the order of the objects. Names do not hold the revision, so that a new
 * one shows as a change of the same files. The same objects give the same bytes.
 */
export function manifestFiles(app: string, objects: readonly KubernetesObject[]): readonly ManifestFile[] {
  const files = objects.map((object) => ({ name: fileName(app, object), text: stringify(forGitOps(object), style) }));
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: files.map((file) => file.name),
  };
  return [{ name: kustomizationFile, text: `${renderMarker}\n${stringify(kustomization, style)}` }, ...files];
}

/** kubectl, Argo CD and Flux read YAML 1.1, where `on`, `no` and `0b10` are no texts: those get quotes. */
const style = { lineWidth: 0, version: "1.1" } as const;

/** `deployment.yaml`, `service.yaml`, `service-candidate.yaml`: the kind, and what the object's name adds to app and revision. */
function fileName(app: string, object: KubernetesObject): string {
  const { name, labels } = object.metadata;
  const ofRevision = revisionName(app, labels?.[revisionLabel] ?? noRevision);
  const known = name.startsWith(ofRevision) ? ofRevision : app;
  return `${object.kind.toLowerCase()}${name.slice(known.length)}.yaml`;
}

function forGitOps(object: KubernetesObject): KubernetesObject {
  if (object.metadata.labels?.[revisionLabel] === undefined) return object;
  const annotations = { ...object.metadata.annotations, ...unpruned };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
