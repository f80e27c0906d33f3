import type { ApiClient } from "../../cluster/api-client.ts";
import { DeployError } from "../../core/errors.ts";

/** Looks up what pods refer to. Undefined where it does not exist. */
export interface References {
  configMap(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Decoded. */
  secret(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
  hasClaim(namespace: string, name: string): Promise<boolean>;
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
  };
}
