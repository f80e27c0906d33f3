import type { ApiClient } from "../../cluster/api-client.ts";
import { DeployError } from "../../core/errors.ts";
import type { KubePod, TokenSource } from "./pod-types.ts";

/** Looks up what pods refer to. Undefined where it does not exist. */
export interface References {
  configMap(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Decoded. */
  secret(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
  hasClaim(namespace: string, name: string): Promise<boolean>;
  /** A new token of the pod's service account that dies with the pod. */
  token(pod: KubePod, source: TokenSource): Promise<string>;
}

/** Reads from the API, fresh each time, as a kubelet does when it starts a container; waits for a server that is away. */
export function apiReferences(api: ApiClient, signal: AbortSignal): References {
  const find = async <T>(namespace: string, plural: string, name: string): Promise<T | undefined> => {
    for (;;) {
      try {
        return await api.find<T>({ method: "GET", path: `/api/v1/namespaces/${namespace}/${plural}/${name}` }, signal);
      } catch (error) {
        // The client has waited long before it says so.
        if (!(error instanceof DeployError) || error.code !== "ENV_UNREACHABLE") throw error;
      }
    }
  };
  return {
    async configMap(namespace, name) {
      const found = await find<{ data?: Record<string, string> }>(namespace, "configmaps", name);
      return found === undefined ? undefined : (found.data ?? {});
    },
    async secret(namespace, name) {
      const found = await find<{ data?: Record<string, string> }>(namespace, "secrets", name);
      if (found === undefined) return undefined;
      const entries = Object.entries(found.data ?? {});
      return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]));
    },
    async hasClaim(namespace, name) {
      return (await find(namespace, "persistentvolumeclaims", name)) !== undefined;
    },
    async token({ metadata, spec }, { audience, expirationSeconds = 3600 }) {
      const { namespace, name, uid } = metadata;
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${spec.serviceAccountName ?? "default"}/token`;
      const boundObjectRef = { apiVersion: "v1", kind: "Pod", name, uid };
      const audiences = audience === undefined ? [] : [audience];
      const body = { spec: { audiences, expirationSeconds, boundObjectRef } };
      const { status } = await api.call<{ status: { token: string } }>({ method: "POST", path, body }, signal);
      return status.token;
    },
  };
}
