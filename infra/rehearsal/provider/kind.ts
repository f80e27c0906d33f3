import { DeployError } from "../../core/errors.ts";
import { type JsonObject, objectAt, textAt } from "./json.ts";

/** What sort of object a resource is. */
export interface ObjectKind {
  /** As in the object: `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
}

/** A Kubernetes object's place in the cluster. */
export interface ObjectRef extends ObjectKind {
  /** Empty for objects that live in no namespace. */
  readonly namespace: string;
  readonly name: string;
}

/** Modules of the package that are programs of the official provider, not objects of the API. */
const refused: Readonly<Record<string, string>> = {
  "helm.sh/v3": "renders and installs Helm charts inside the official provider",
  "helm.sh/v4": "renders Helm charts inside the official provider",
  yaml: "parses manifests inside the official provider",
  "yaml/v2": "parses manifests inside the official provider",
  kustomize: "runs Kustomize inside the official provider",
  "kustomize/v2": "runs Kustomize inside the official provider",
};

/**
 * Reads a resource type such as `kubernetes:apps/v1:Deployment`, `kubernetes:core/v1:NodePatch` or that of a custom
 * resource. Throws `CONFIG_INVALID` for the types that only the official provider serves, and for lists.
 */
export function kindOfToken(token: string): ObjectKind {
  const [pkg, groupVersion, kind] = splitToken(token);
  if (pkg !== "kubernetes" || !kind) throw unsupported(token, "It is no resource type of this provider.");
  const reason = refused[groupVersion];
  if (reason !== undefined) throw unsupported(token, `"${groupVersion}" ${reason}.`);
  if (kind.endsWith("List")) throw unsupported(token, "A list is no object that can be created.");
  return { apiVersion: groupVersion.replace(/^core\//, ""), kind };
}

function splitToken(token: string): readonly [string, string, string] {
  const first = token.indexOf(":");
  const last = token.lastIndexOf(":");
  return [token.slice(0, first), token.slice(first + 1, Math.max(first + 1, last)), token.slice(last + 1)];
}

/** The error for a type or function that the offline provider does not serve. */
export function unsupported(token: string, why: string): DeployError {
  return new DeployError({
    code: "CONFIG_INVALID",
    where: token,
    message: `The offline Kubernetes provider does not serve it. ${why}`,
    hint: "Register the single objects as typed resources, or install the official provider with: pulumi plugin install resource kubernetes",
  });
}

/** The resource type inside a URN: the last part of its type chain. */
export function tokenOfUrn(urn: string): string {
  const chain = urn.split("::")[2] ?? "";
  return chain.slice(chain.lastIndexOf("$") + 1);
}

/** The name that the program gave the resource. */
export function nameOfUrn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/**
 * Whether a resource patches an object that somebody else made. The SDK tells it by a type that ends in `Patch`, while
 * the inputs name the kind of the patched object.
 */
export function isPatchToken(token: string, kind: string): boolean {
  const type = token.slice(token.lastIndexOf(":") + 1);
  return type.endsWith("Patch") && type !== kind;
}

/** Kind of an object, from its own fields. */
export function kindOf(object: JsonObject): ObjectKind {
  return { apiVersion: textAt(object, "apiVersion"), kind: textAt(object, "kind") };
}

/** API group of an `apiVersion`; empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/** Place of an object, from its own fields. */
export function refOf(object: JsonObject): ObjectRef {
  const metadata = objectAt(object, "metadata");
  return { ...kindOf(object), namespace: textAt(metadata, "namespace"), name: textAt(metadata, "name") };
}

/** The resource's id in the state: `namespace/name`, or `name` alone. */
export function idOf(ref: ObjectRef): string {
  return ref.namespace === "" ? ref.name : `${ref.namespace}/${ref.name}`;
}

/** Reads {@link idOf}. */
export function parseId(id: string): { readonly namespace: string; readonly name: string } {
  const slash = id.indexOf("/");
  return { namespace: slash < 0 ? "" : id.slice(0, slash), name: id.slice(slash + 1) };
}

/** How messages name an object: `apps/v1/Deployment keye/keye-1a2b3c4d5e`. */
export function titleOf(ref: ObjectRef): string {
  return `${ref.apiVersion}/${ref.kind} ${idOf(ref)}`;
}
