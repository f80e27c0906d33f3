import { appLabel, revisionLabel, revisionName } from "../../infra/core/names.ts";
import type { PromotionDeadlines, PromotionInputs } from "../../infra/core/promotion-inputs.ts";
import { type EngineDeployment, engineDeployment, type TestCluster, withSharedMemory } from "./rehearsal-cluster.ts";

/** Namespace of apps that serve side by side; each Service bears its app's name. */
export const servedNamespace = "keye";

/** Revision that serves with one pod. */
export const servedStable = "aaaaaaaaaa";

/** Revision that waits at 0. */
export const servedCandidate = "bbbbbbbbbb";

/** How fast the pods of a served app load, where nothing else is said. */
export const quickPods = { "rehearsal.keye-stack.dev/speed": "500" } as const;

/** As long as the slowest pods load. */
const startupProbe = {
  httpGet: { path: "/health", port: "http" },
  periodSeconds: 1,
  timeoutSeconds: 22,
  failureThreshold: 200,
};

/** Makes an app of two revisions of one replica, the candidate's pods with these annotations. */
export async function createServedApp(
  cluster: TestCluster,
  app: string,
  annotations: Readonly<Record<string, string>> = quickPods,
): Promise<void> {
  const deployment = (revision: string, different: Pick<EngineDeployment, "replicas" | "annotations">) =>
    engineDeployment({
      ...different,
      container: { ...withSharedMemory.container, startupProbe },
      pod: withSharedMemory.pod,
      name: revisionName(app, revision),
      labels: { [appLabel]: app, [revisionLabel]: revision },
      args: [`--weight-version=${revision}`],
    });
  const selector = { [appLabel]: app, [revisionLabel]: servedStable };
  const deployments = `/apis/apps/v1/namespaces/${servedNamespace}/deployments`;
  await cluster.create(
    [
      `/api/v1/namespaces/${servedNamespace}/services`,
      { metadata: { name: app }, spec: { selector, ports: [{ port: 8000 }] } },
    ],
    [deployments, deployment(servedStable, { replicas: 1, annotations: quickPods })],
    [deployments, deployment(servedCandidate, { replicas: 0, annotations })],
  );
}

/** The inputs of a blueGreen promotion of the candidate, by the smallest profile and without a cool-down. */
export function servedInputs(app: string, deadlines: PromotionDeadlines): PromotionInputs {
  return {
    namespace: servedNamespace,
    app,
    service: app,
    revision: servedCandidate,
    workload: revisionName(app, servedCandidate),
    replicas: 1,
    gpusPerReplica: 2,
    nodeSelector: {},
    port: 8000,
    strategy: "blueGreen",
    probe: { profile: "smoke", expectation: { weightVersion: servedCandidate } },
    probeHash: "0123456789",
    imageDigest: `sha256:${"a".repeat(64)}`,
    deadlines,
    cooldownSeconds: 0,
  };
}
