import type { ApiResponse } from "../../cluster/api-errors.ts";
import type { ApiRequest } from "../../cluster/api-request.ts";
import { ApiFailure } from "./api-failure.ts";
import { isObject, type Json, type JsonObject, listAt, textAt } from "./json.ts";
import { groupOf, type ObjectKind, type ObjectRef } from "./kind.ts";

/** Sends one request and hands on the answer, whatever its status. Rejects only where no answer came. */
export interface ApiTransport {
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
}

/** How the API serves a kind. */
export interface ServedKind {
  /** The plural in URLs. */
  readonly resource: string;
  readonly isNamespaced: boolean;
}

/** How an object is applied. */
export interface ApplyOptions {
  readonly fieldManager: string;
  /** Takes fields from other managers. */
  readonly force: boolean;
  /** The server answers as if, and writes nothing. */
  readonly dryRun: boolean;
}

/** Objects of any kind, by kind and name. Every method rejects with {@link ApiFailure} for an answer that is no success. */
export class KubeObjects {
  readonly #api: ApiTransport;
  readonly #served = new Map<string, Promise<ReadonlyMap<string, ServedKind>>>();

  constructor(api: ApiTransport) {
    this.#api = api;
  }

  /** How a kind is served; undefined where it is not. A kind not found is asked for again at the next call. */
  async served(kind: ObjectKind, signal: AbortSignal): Promise<ServedKind | undefined> {
    const { apiVersion } = kind;
    const cached = this.#served.get(apiVersion);
    const fresh = cached ?? this.#discover(apiVersion, signal);
    this.#served.set(apiVersion, fresh);
    try {
      const found = (await fresh).get(kind.kind);
      if (found === undefined) this.#served.delete(apiVersion);
      return found;
    } catch (error) {
      this.#served.delete(apiVersion);
      throw error;
    }
  }

  /** The object; undefined where it or its kind does not exist. */
  async read(ref: ObjectRef, signal: AbortSignal): Promise<JsonObject | undefined> {
    const path = await this.#pathOf(ref, signal);
    if (path === undefined) return undefined;
    const response = await this.#api.send({ method: "GET", path }, signal);
    return response.status === 404 ? undefined : bodyOf(response);
  }

  /** Server-side apply. Creates the object where it does not exist. */
  async apply(ref: ObjectRef, object: JsonObject, options: ApplyOptions, signal: AbortSignal): Promise<JsonObject> {
    const request = {
      method: "PATCH",
      path: await this.#requiredPath(ref, signal),
      query: {
        fieldManager: options.fieldManager,
        force: options.force,
        ...(options.dryRun ? { dryRun: "All" } : {}),
      },
      // JSON is YAML; the server asks for this type.
      contentType: "application/apply-patch+yaml",
      body: object,
    } as const;
    return bodyOf(await this.#api.send(request, signal));
  }

  /** Asks for the deletion, with what is to happen to the objects that it owns. An object that is not there is no failure. */
  async remove(ref: ObjectRef, propagationPolicy: string, signal: AbortSignal): Promise<void> {
    const path = await this.#pathOf(ref, signal);
    if (path === undefined) return;
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy };
    const response = await this.#api.send({ method: "DELETE", path, body }, signal);
    if (response.status !== 404) bodyOf(response);
  }

  /** The objects of a kind in a namespace that carry a label. */
  async list(
    kind: ObjectKind & { readonly namespace: string },
    labelSelector: string,
    signal: AbortSignal,
  ): Promise<readonly Json[]> {
    const path = await this.#requiredPath({ ...kind, name: "" }, signal);
    const response = await this.#api.send({ method: "GET", path, query: { labelSelector } }, signal);
    return listAt(bodyOf(response), "items");
  }

  async #requiredPath(ref: ObjectRef, signal: AbortSignal): Promise<string> {
    const path = await this.#pathOf(ref, signal);
    if (path !== undefined) return path;
    throw new ApiFailure(404, {
      message: `the API server does not serve ${ref.apiVersion} ${ref.kind}; is its CustomResourceDefinition installed?`,
      reason: "NoMatch",
    });
  }

  async #pathOf(ref: ObjectRef, signal: AbortSignal): Promise<string | undefined> {
    const served = await this.served(ref, signal);
    if (served === undefined) return undefined;
    const namespace = served.isNamespaced ? ["namespaces", ref.namespace] : [];
    const name = ref.name === "" ? [] : [ref.name];
    const segments = [...namespace, served.resource, ...name].map(encodeURIComponent);
    return `${rootOf(ref.apiVersion)}/${segments.join("/")}`;
  }

  async #discover(apiVersion: string, signal: AbortSignal): Promise<ReadonlyMap<string, ServedKind>> {
    const response = await this.#api.send({ method: "GET", path: rootOf(apiVersion) }, signal);
    const resources = response.status === 404 ? [] : listAt(bodyOf(response), "resources");
    const own = resources.filter(isObject).filter((item) => !textAt(item, "name").includes("/"));
    return new Map(
      own.map((item) => [
        textAt(item, "kind"),
        { resource: textAt(item, "name"), isNamespaced: item.namespaced === true },
      ]),
    );
  }
}

function rootOf(apiVersion: string): string {
  return `${groupOf(apiVersion) === "" ? "/api" : "/apis"}/${apiVersion}`;
}

/** The body of a success. The API answers objects only, and they came as JSON. */
function bodyOf(response: ApiResponse): JsonObject {
  const body = response.body as Json;
  if (response.status >= 300) throw new ApiFailure(response.status, isObject(body) ? body : { message: String(body) });
  return isObject(body) ? body : {};
}
