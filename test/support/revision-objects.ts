import { appLabel, noRevision, revisionLabel, revisionName } from "../../infra/core/names.ts";
import { engineDeployment, type TestCluster, withSharedMemory } from "./rehearsal-cluster.ts";

/** Namespace, name and live Service of the app that {@link createRevisions} makes. */
export const keyeApp = { namespace: "keye", app: "keye", service: "keye" } as const;

/** GPUs that each of its replicas asks for. */
export const tpSize = 2;

/** Makes the app: a live Service that selects nothing, and a Deployment at 0 for each revision, with its pods' annotations. */
export async function createRevisions(
  cluster: TestCluster,
  revisions: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<void> {
  const { namespace, app, service } = keyeApp;
  await cluster.createNamespace(namespace);
  const selector = { [appLabel]: app, [revisionLabel]: noRevision };
  const liveService = { metadata: { name: service }, spec: { selector, ports: [{ port: 8000 }] } };
  await cluster.create([`/api/v1/namespaces/${namespace}/services`, liveService]);
  for (const [revision, annotations] of Object.entries(revisions)) {
    const deployment = engineDeployment({
      ...withSharedMemory,
      name: revisionName(app, revision),
      labels: { [appLabel]: app, [revisionLabel]: revision },
      replicas: 0,
      annotations: { "rehearsal.keye-stack.dev/speed": "500", ...annotations },
      args: [`--weight-version=${revision}`],
    });
    await cluster.create([`/apis/apps/v1/namespaces/${namespace}/deployments`, deployment]);
  }
}
