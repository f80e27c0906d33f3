import { DeployError } from "../core/errors.ts";
import type { ApiClient } from "./api-client.ts";
import { objectPath } from "./api-paths.ts";

/** Where a value is: the name of a Secret and a key in it. */
export interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

/** The text of one key of a Secret. Rejects with `E_API` without such a Secret, `E_CONFIG` where it lacks the key. */
export async function readSecret(client: ApiClient, place: SecretPlace, signal: AbortSignal): Promise<string> {
  const path = objectPath("secrets", place.namespace, place.name);
  const secret = await client.call<{ readonly data?: Readonly<Record<string, string>> }>(
    { method: "GET", path },
    signal,
  );
  const value = secret.data?.[place.key];
  if (value !== undefined) return Buffer.from(value, "base64").toString("utf8");
  throw new DeployError({
    code: "E_CONFIG",
    where: `${place.namespace}/secrets/${place.name}`,
    message: `It has no key "${place.key}"; its keys are: ${Object.keys(secret.data ?? {}).join(", ") || "none"}.`,
  });
}
