import { appLabel, revisionLabel, verdictLabel } from "../core/names.ts";
import type { StoredVerdict } from "../gate/ledger/ledger.ts";
import type { ObjectMeta } from "../status/objects.ts";
import type { ApiClient } from "./api-client.ts";
import { collectionPath } from "./api-paths.ts";
import { listAll } from "./list.ts";

/** Key of the evidence in its ConfigMap. */
export const evidenceKey = "evidence.json";

/** Key of the promotion's inputs beside it. */
export const inputsKey = "inputs.json";

/** Whose records are read. */
export interface EvidenceQuery {
  readonly namespace: string;
  readonly app: string;
  /** @default those of every revision */
  readonly revisions?: readonly string[];
}

interface EvidenceConfigMap {
  readonly metadata: ObjectMeta;
  readonly data?: Readonly<Record<string, string>>;
}

/** The verdicts that an app has on record, in the order of their names. None in a namespace that does not exist. */
export async function evidenceRecords(
  client: ApiClient,
  { namespace, app, revisions }: EvidenceQuery,
  signal: AbortSignal,
): Promise<readonly StoredVerdict[]> {
  const ofRevisions = revisions === undefined ? [] : [`${revisionLabel} in (${revisions.join(",")})`];
  const query = { labelSelector: [`${appLabel}=${app}`, verdictLabel, ...ofRevisions].join(",") };
  const { items } = await listAll<EvidenceConfigMap>(client, collectionPath("configmaps", namespace), {
    query,
    signal,
  });
  return items.map(({ metadata, data = {} }) => {
    const inputsJson = data[inputsKey];
    return { name: metadata.name, json: data[evidenceKey] ?? "", ...(inputsJson === undefined ? {} : { inputsJson }) };
  });
}
