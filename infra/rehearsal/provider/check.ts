import { annotationProblems, annotations, isAnnotated, withTextValues } from "./annotations.ts";
import { isObject, type Json, type JsonObject, objectAt, textAt, withValueAt } from "./json.ts";
import { isPatchToken, kindOfToken, nameOfUrn, tokenOfUrn } from "./kind.ts";
import { serverFields } from "./server-fields.ts";
import { hasAssets, isUnknown, plainObject, protectLike } from "./values.ts";
import { waitForProblem } from "./wait-for.ts";

/** One thing that is wrong with the inputs. */
export interface CheckFailure {
  /** Property path. */
  readonly path: string;
  readonly reason: string;
}

/** How the engine wants unnamed resources to be named. */
export interface Autonaming {
  /** `propose`: the provider may choose another; `enforce`: it may not; `disable`: no name may be made up. */
  readonly mode: "propose" | "enforce" | "disable";
  readonly proposedName: string;
}

/** What a resource's inputs are checked against. */
export interface CheckRequest {
  readonly urn: string;
  readonly news: JsonObject;
  /** Inputs in the state; undefined for a new or replaced resource. */
  readonly olds: JsonObject | undefined;
  /** Ends the name of a resource that has none; made from the engine's random seed. */
  readonly suffix: string;
  readonly autonaming: Autonaming | undefined;
  /** The namespace of objects that name none. */
  readonly defaultNamespace: string;
  /** Whether the kind lives in namespaces; undefined where the cluster does not know the kind (yet). */
  readonly isNamespaced: boolean | undefined;
}

/**
 * Completes a resource's inputs: kind, name, namespace; labels and annotations as text; no nulls, no server fields.
 * Secrets stay secret, unknowns unknown. Throws `CONFIG_INVALID` for a type that is not served.
 */
export function checkInputs(request: CheckRequest): {
  readonly inputs: JsonObject;
  readonly failures: readonly CheckFailure[];
} {
  const token = tokenOfUrn(request.urn);
  let inputs: JsonObject = withKind(plainObject(request.news), token);
  const isPatch = isPatchToken(token, textAt(inputs, "kind"));
  if (isObject(inputs.metadata) || inputs.metadata === undefined) {
    inputs = { ...inputs, metadata: metadataFor(inputs, request, isPatch) };
  }
  const failures = [...annotationProblems(inputs), ...problemsOf(inputs, isPatch)];
  if (hasAssets(request.news)) {
    failures.push({ path: "", reason: "a Kubernetes object cannot hold a file or archive; read it into text first" });
  }
  return { inputs: protectLike(inputs, request.news), failures };
}

function withKind(inputs: JsonObject, token: string): JsonObject {
  const { apiVersion, kind } = kindOfToken(token);
  return { ...inputs, apiVersion: inputs.apiVersion ?? apiVersion, kind: inputs.kind ?? kind };
}

function metadataFor(inputs: JsonObject, request: CheckRequest, isPatch: boolean): Json {
  let metadata: JsonObject = objectAt(inputs, "metadata");
  for (const key of ["labels", "annotations"]) {
    const map = metadata[key];
    if (isObject(map)) metadata = { ...metadata, [key]: withTextValues(map) };
  }
  // Inputs that hold them, say from an exported object, would fight with the server.
  metadata = Object.fromEntries(Object.entries(metadata).filter(([key]) => !serverFields.includes(key)));
  if (request.isNamespaced !== false && metadata.namespace === undefined) {
    metadata = { ...metadata, namespace: request.defaultNamespace };
  }
  if (metadata.name === undefined && !isPatch && metadata.generateName === undefined) return named(metadata, request);
  return metadata;
}

/** The name of an earlier update stays; a new resource gets one that the annotation marks as made up. */
function named(metadata: JsonObject, request: CheckRequest): Json {
  const olds = request.olds ?? {};
  const kept = isAnnotated(olds, annotations.autonamed) ? textAt(olds, "metadata", "name") : "";
  const name = kept || newName(request);
  if (name === "") return metadata;
  const marked = withValueAt(metadata, ["annotations", annotations.autonamed], "true");
  return withValueAt(marked, ["name"], name);
}

function newName(request: CheckRequest): string {
  switch (request.autonaming?.mode) {
    case "disable":
      return "";
    case "enforce":
    case "propose":
      return request.autonaming.proposedName;
    case undefined:
      return `${nameOfUrn(request.urn)}-${request.suffix}`;
  }
}

function problemsOf(inputs: JsonObject, isPatch: boolean): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const metadata = inputs.metadata;
  if (isObject(metadata) && metadata.generateName !== undefined) {
    failures.push({
      path: "metadata.generateName",
      reason: "server-side apply needs a name; leave both out to have one made",
    });
  } else if (isObject(metadata) && textAt(metadata, "name") === "" && !isUnknown(metadata.name)) {
    failures.push({
      path: "metadata.name",
      reason: isPatch ? "a patch must name the object that it patches" : "no name is given, and autonaming is disabled",
    });
  }
  const waitFor = waitForProblem(inputs);
  if (waitFor !== undefined) failures.push(waitFor);
  return failures;
}
