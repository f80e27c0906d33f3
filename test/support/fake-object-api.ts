import type { ApiResponse } from "../../infra/cluster/api-errors.ts";
import { type ApiRequest, targetOf } from "../../infra/cluster/api-request.ts";
import { isObject, type Json, type JsonObject, objectAt, textAt } from "../../infra/rehearsal/provider/json.ts";
import type { ApiTransport } from "../../infra/rehearsal/provider/kube-objects.ts";

const kinds: Readonly<Record<string, Json>> = {
  "/api/v1": [
    { kind: "ConfigMap", name: "configmaps", namespaced: true },
    { kind: "Secret", name: "secrets", namespaced: true },
    { kind: "Service", name: "services", namespaced: true },
    { kind: "Node", name: "nodes", namespaced: false },
  ],
  "/apis/apps/v1": [
    { kind: "Deployment", name: "deployments", namespaced: true },
    { kind: "Deployment", name: "deployments/status", namespaced: true },
  ],
  "/apis/batch/v1": [{ kind: "Job", name: "jobs", namespaced: true }],
  "/apis/discovery.k8s.io/v1": [{ kind: "EndpointSlice", name: "endpointslices", namespaced: true }],
};

/**
 * An API server in memory: discovery, get, list, apply and delete by path. Applying merges fields and keeps no owners;
 * a deleted object is gone at once unless it has finalizers.
 */
export class FakeObjectApi implements ApiTransport {
  readonly objects = new Map<string, JsonObject>();
  readonly requests: ApiRequest[] = [];
  /** What discovery lists, by path. */
  readonly served = new Map(Object.entries(kinds));
  /** Whether requests get no answer until they are aborted. */
  isHanging = false;
  /** Answers by method and path that stand in for the real ones, until removed; an error is no answer. */
  readonly refusals = new Map<string, ApiResponse | Error>();
  #version = 1;

  /** The lines `METHOD target` of all requests that are no discovery and no read. */
  get writes(): string[] {
    return this.requests
      .filter((request) => request.method !== "GET")
      .map((request) => `${request.method} ${targetOf(request)}`);
  }

  /** The body of the last apply. */
  get lastApplied(): Json {
    // The provider sends JSON.
    return (this.requests.findLast((request) => request.method === "PATCH")?.body ?? null) as Json;
  }

  /** Puts an object there, or changes it, as somebody else would. */
  put(path: string, fields: JsonObject): JsonObject {
    const before = this.objects.get(path);
    const uid = textAt(before, "metadata", "uid") || `uid-${this.#version}`;
    const merged = merge(before ?? {}, fields);
    const metadata = { ...objectAt(merged, "metadata"), uid, resourceVersion: String(this.#version++) };
    const stored = { ...merged, metadata };
    this.objects.set(path, stored);
    return stored;
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    signal.throwIfAborted();
    this.requests.push(request);
    const refusal = this.refusals.get(`${request.method} ${request.path}`);
    if (refusal instanceof Error) throw refusal;
    if (refusal !== undefined) return refusal;
    if (this.isHanging) await aborted(signal);
    const resources = this.served.get(request.path);
    if (resources !== undefined) return ok({ resources });
    switch (request.method) {
      case "PATCH":
        return this.#apply(request);
      case "DELETE":
        return this.#remove(request.path);
      default:
        return this.#read(request);
    }
  }

  #read({ path, query }: ApiRequest): ApiResponse {
    const found = this.objects.get(path);
    if (found !== undefined) return ok(found);
    if (query?.labelSelector === undefined) return notFound;
    const items = [...this.objects].filter(([key]) => key.startsWith(`${path}/`)).map(([, object]) => object);
    return ok({ items });
  }

  #apply(request: ApiRequest): ApiResponse {
    const before = this.objects.get(request.path);
    // The provider applies objects.
    const body = request.body as JsonObject;
    if (request.query?.dryRun === undefined) return ok(this.put(request.path, body));
    return ok(merge(before ?? {}, merge(body, { metadata: { uid: "dry-run" } })));
  }

  #remove(path: string): ApiResponse {
    const found = this.objects.get(path);
    if (found === undefined) return notFound;
    if (objectAt(found, "metadata").finalizers === undefined) this.objects.delete(path);
    else this.put(path, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });
    return ok({ kind: "Status", status: "Success" });
  }
}

/** A refusal as the API server words it. */
export function refusal(status: number, reason: string, message: string, details: JsonObject = {}): ApiResponse {
  return { status, body: { kind: "Status", reason, message, details } };
}

const notFound = refusal(404, "NotFound", "not found");

/** Rejects with the signal's reason once it aborts. */
async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

function ok(body: JsonObject): ApiResponse {
  return { status: 200, body };
}

function merge(base: JsonObject, over: JsonObject): JsonObject {
  const entries = Object.entries(over).map(([key, field]) => {
    const before = base[key];
    return [key, isObject(field) && isObject(before) ? merge(before, field) : field] as const;
  });
  return { ...base, ...Object.fromEntries(entries) };
}
