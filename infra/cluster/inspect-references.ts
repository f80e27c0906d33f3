import type { FoundClaim, InspectReferencesArgs, InspectReferencesResult } from "../core/references.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import { objectPath } from "./api-paths.ts";

type FoundSecret = InspectReferencesResult["secrets"][number];

interface Claim {
  readonly spec?: { readonly accessModes?: readonly string[] };
  readonly status?: { readonly accessModes?: readonly string[] };
}

/** Looks for named claims and Secrets. Writes nothing, and hands on no value of a Secret. */
export async function inspectReferences(
  client: ApiClient,
  { namespace, claims, secrets }: InspectReferencesArgs,
  signal: AbortSignal,
): Promise<InspectReferencesResult> {
  const [foundClaims, foundSecrets] = await Promise.all([
    Promise.all(claims.map((name) => findClaim(client, { namespace, name }, signal))),
    Promise.all(secrets.map((name) => findSecret(client, { namespace, name }, signal))),
  ]);
  return {
    claims: foundClaims.filter((claim) => claim !== undefined),
    secrets: foundSecrets.filter((secret) => secret !== undefined),
  };
}

interface Place {
  readonly namespace: string;
  readonly name: string;
}

async function findClaim(client: ApiClient, { namespace, name }: Place, signal: AbortSignal) {
  const path = objectPath("persistentvolumeclaims", namespace, name);
  const claim = await client.find<Claim>({ method: "GET", path }, signal);
  if (claim === undefined) return undefined;
  return { name, accessModes: claim.status?.accessModes ?? claim.spec?.accessModes ?? [] } satisfies FoundClaim;
}

/** Whoever deploys need not be allowed to read Secrets: then nothing is said about them. */
async function findSecret(client: ApiClient, { namespace, name }: Place, signal: AbortSignal) {
  const request = { method: "GET", path: objectPath("secrets", namespace, name) } as const;
  const response = await client.send(request, signal);
  if (response.status === 404) return undefined;
  if (response.status === 403) return { name } satisfies FoundSecret;
  if (response.status >= 300) throw refusedError(request, response);
  // The API's own shape.
  const { data } = response.body as { readonly data?: Readonly<Record<string, string>> };
  return { name, keys: Object.keys(data ?? {}).sort() } satisfies FoundSecret;
}
