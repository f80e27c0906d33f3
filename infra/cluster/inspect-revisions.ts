import { appLabel, revisionLabel, revisionName } from "../core/names.ts";
import type { ObjectKind } from "../core/pool-node.ts";
import type { InspectRevisionsArgs, InspectRevisionsResult, KeptRevision } from "../core/revisions.ts";
import { promotedRevisions, readLedger } from "../gate/ledger/ledger.ts";
import type { ObjectMeta } from "../status/objects.ts";
import type { ApiClient } from "./api-client.ts";
import { collectionPath } from "./api-paths.ts";
import { evidenceRecords } from "./evidence-records.ts";
import { listAll } from "./list.ts";
import { listLeaderWorkerSets } from "./workloads.ts";

/** The kinds of objects that a revision has under its own name. */
const kinds = {
  deployments: { apiVersion: "apps/v1", kind: "Deployment" },
  leaderworkersets: { apiVersion: "leaderworkerset.x-k8s.io/v1", kind: "LeaderWorkerSet" },
  configmaps: { apiVersion: "v1", kind: "ConfigMap" },
  poddisruptionbudgets: { apiVersion: "policy/v1", kind: "PodDisruptionBudget" },
} as const;

/**
 * Finds the earlier revisions of an app that have been promoted and are still there, without their pods, and which sets of
 * groups there are. Writes nothing. A revision that is being deleted is none of either, one that has never passed none of
 * the promoted.
 */
export async function inspectRevisions(
  client: ApiClient,
  { namespace, app, target, atMost }: InspectRevisionsArgs,
  signal: AbortSignal,
): Promise<InspectRevisionsResult> {
  const read = async (
    plural: keyof typeof kinds,
  ): Promise<readonly (ObjectKind & { readonly metadata: ObjectMeta })[]> => {
    const selector = `${appLabel}=${app},${revisionLabel}`;
    const items = await listed(client, { plural, namespace, selector }, signal);
    const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return staying.map(({ metadata }) => ({ ...kinds[plural], metadata }));
  };
  const workloads = (await Promise.all([read("deployments"), read("leaderworkersets")])).flat();
  const present = workloads.flatMap(({ metadata }) => metadata.labels?.[revisionLabel] ?? []);
  const earlier = present.filter((revision) => revision !== target);
  const groups = workloads
    .filter(({ kind, metadata }) => kind === "LeaderWorkerSet" && metadata.labels?.[revisionLabel] !== target)
    .map(({ metadata }) => metadata.name)
    .sort();
  if (earlier.length === 0 || atMost === 0) return { promoted: [], groups };
  const records = await evidenceRecords(client, { namespace, app, revisions: earlier }, signal);
  const chosen = promotedRevisions(readLedger(records)).slice(0, atMost);
  if (chosen.length === 0) return { promoted: [], groups };
  const others = await Promise.all([read("configmaps"), read("poddisruptionbudgets")]);
  const objects = [...workloads, ...others.flat()];
  return {
    groups,
    promoted: chosen.map(({ revision }): KeptRevision => {
      const name = revisionName(app, revision);
      const own = objects.filter(({ metadata }) => metadata.name === name);
      return { revision, objects: own.map(({ apiVersion, kind }) => ({ apiVersion, kind, name })) };
    }),
  };
}

async function listed(
  client: ApiClient,
  {
    plural,
    namespace,
    selector,
  }: { readonly plural: keyof typeof kinds; readonly namespace: string; readonly selector: string },
  signal: AbortSignal,
): Promise<readonly { readonly metadata: ObjectMeta }[]> {
  if (plural === "leaderworkersets") return listLeaderWorkerSets(client, { namespace, selector }, signal);
  const path = collectionPath(plural, namespace);
  return (
    await listAll<{ readonly metadata: ObjectMeta }>(client, path, { query: { labelSelector: selector }, signal })
  ).items;
}
