import type { AppRef } from "../gate/ports.ts";
import type { Condition, Deployment, ObjectMeta, PodSpec } from "../status/objects.ts";
import type { ApiClient } from "./api-client.ts";
import { refusedError } from "./api-errors.ts";
import { collectionPath, labelSelector, objectPath } from "./api-paths.ts";
import type { ApiRequest } from "./api-request.ts";
import { type ApiList, listAll } from "./list.ts";

/** The parts of a LeaderWorkerSet that are read here (sigs.k8s.io/lws v0.8.0, api/leaderworkerset/v1). */
interface LeaderWorkerSet {
  readonly metadata: ObjectMeta;
  readonly spec: {
    /** @default 1 */
    readonly replicas?: number;
    readonly leaderWorkerTemplate: {
      /** @default 1 */
      readonly size?: number;
      readonly leaderTemplate?: { readonly spec: PodSpec };
      readonly workerTemplate: { readonly spec: PodSpec };
    };
  };
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly conditions?: readonly Condition[];
  };
}

/**
 * What keeps the replicas of an app running: its Deployments, and its LeaderWorkerSets read as Deployments of groups. Where
 * the cluster knows no LeaderWorkerSets, or shows them to us not, there are none.
 */
export async function listWorkloads(
  client: ApiClient,
  { namespace, labels }: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<readonly Deployment[]> {
  const query = { labelSelector: labelSelector(labels) };
  const [deployments, sets] = await Promise.all([
    listAll<Deployment>(client, collectionPath("deployments", namespace), { query, signal }),
    listLeaderWorkerSets(client, { namespace, selector: query.labelSelector }, signal),
  ]);
  return [...deployments.items, ...sets.map(asDeployment)];
}

/** Sets `spec.replicas` by the scale subresource of the Deployment of that name, or else of the LeaderWorkerSet. */
export async function scaleWorkload(
  client: ApiClient,
  { ref, name, replicas }: { readonly ref: AppRef; readonly name: string; readonly replicas: number },
  signal: AbortSignal,
): Promise<void> {
  const scale = (plural: "deployments" | "leaderworkersets"): ApiRequest => ({
    method: "PATCH",
    path: objectPath(plural, ref.namespace, name, "scale"),
    contentType: "application/merge-patch+json",
    body: { spec: { replicas } },
  });
  const request = scale("deployments");
  const response = await client.send(request, signal);
  if (response.status < 300) return;
  if (response.status !== 404) throw refusedError(request, response);
  const ofGroups = scale("leaderworkersets");
  const second = await client.send(ofGroups, signal);
  // Neither is there: the Deployment's answer is the one that more people understand.
  if (second.status === 404) throw refusedError(request, response);
  if (second.status >= 300) throw refusedError(ofGroups, second);
}

/** `spec.replicas` of the Deployment of that name, or else of the LeaderWorkerSet, by its scale; undefined without either. */
export async function workloadReplicas(
  client: ApiClient,
  { ref, name }: { readonly ref: AppRef; readonly name: string },
  signal: AbortSignal,
): Promise<number | undefined> {
  for (const plural of ["deployments", "leaderworkersets"] as const) {
    const request: ApiRequest = { method: "GET", path: objectPath(plural, ref.namespace, name, "scale") };
    const response = await client.send(request, signal);
    // As for lists: a role without the rule is told 403 even where the kind is not installed.
    if (response.status === 404 || (response.status === 403 && plural === "leaderworkersets")) continue;
    if (response.status >= 300) throw refusedError(request, response);
    // A successful answer to a scale is a scale; the API leaves 0 out.
    return (response.body as { readonly spec?: { readonly replicas?: number } }).spec?.replicas ?? 0;
  }
  return undefined;
}

/** The LeaderWorkerSets that a label selector finds; none where the kind is unknown here, or not shown to us. */
export async function listLeaderWorkerSets(
  client: ApiClient,
  { namespace, selector }: { readonly namespace: string; readonly selector: string },
  signal: AbortSignal,
): Promise<readonly LeaderWorkerSet[]> {
  const path = collectionPath("leaderworkersets", namespace);
  const request: ApiRequest = { method: "GET", path, query: { labelSelector: selector } };
  const response = await client.send(request, signal);
  // A role without the rule is told 403 even where the kind is not installed.
  if (response.status === 404 || response.status === 403) return [];
  if (response.status >= 300) throw refusedError(request, response);
  // A successful answer to a list is a list.
  return (response.body as ApiList<LeaderWorkerSet>).items;
}

function asDeployment({ metadata, spec, status }: LeaderWorkerSet): Deployment {
  const { size = 1, leaderTemplate, workerTemplate } = spec.leaderWorkerTemplate;
  return {
    metadata,
    group: { size },
    spec: { replicas: spec.replicas ?? 1, selector: {}, template: leaderTemplate ?? workerTemplate },
    status: {
      // The controller does not say which generation it has seen: the pods themselves are compared with what is asked.
      observedGeneration: metadata.generation ?? 0,
      replicas: status?.replicas ?? 0,
      readyReplicas: status?.readyReplicas ?? 0,
      updatedReplicas: status?.updatedReplicas ?? 0,
      availableReplicas: status?.readyReplicas ?? 0,
      ...(status?.conditions === undefined ? {} : { conditions: status.conditions }),
    },
  };
}
