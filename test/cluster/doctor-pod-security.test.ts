import { afterAll, beforeAll, expect, test } from "vitest";
import type { StackConfig } from "../../infra/config/stack-config.ts";
import type { KubernetesObject } from "../../infra/core/kubernetes-object.ts";
import { engineChart, parseManifests, renderChart } from "../../infra/process/helm.ts";
import { buildJob } from "../../infra/spec/build/build-job.ts";
import { chartValues } from "../../infra/spec/chart-values.ts";
import { securedPods, securityLevels } from "../../infra/spec/doctor/pod-security.ts";
import { supplyPlan } from "../../infra/spec/supply/plan.ts";
import { buildPlan } from "../support/build-plan.ts";
import { poolNode } from "../support/pool-node.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";
import { sha256, stackConfig } from "../support/stack-config.ts";
import { hydrated } from "../support/weights-settings.ts";

const hostPath = { kind: "hostPath", path: "/data", mountPath: "/models" };
const stacks = [
  { what: "weights on a claim", config: stackConfig(hydrated()) },
  { what: "weights on each node", config: stackConfig(hydrated({ volume: hostPath })) },
  {
    what: "kernels on each node",
    config: stackConfig({ engine: { cacheVolume: { kind: "hostPath", path: "/kernels" } } }),
  },
];

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({ nodes: [] });
  for (const level of securityLevels) {
    const labels = { "pod-security.kubernetes.io/enforce": level };
    await cluster.create(["/api/v1/namespaces", { metadata: { name: `pods-${level}`, labels } }]);
  }
});

afterAll(() => cluster.close());

/** The strictest level of a namespace that takes the pod. */
async function strictest({ spec }: PodTemplate): Promise<string | undefined> {
  for (const level of securityLevels) {
    const path = `/api/v1/namespaces/pods-${level}/pods`;
    // Accounts decide nothing here, and those of the chart are not there.
    const { serviceAccountName: _, ...rest } = spec;
    const body = { metadata: { generateName: "pod-" }, spec: { ...rest, automountServiceAccountToken: false } };
    const request = { method: "POST", path, query: { dryRun: "All" }, body } as const;
    const answer = await cluster.rehearsal.api.send(request, cluster.signal);
    if (answer.status === 201) return level;
    expect(JSON.stringify(answer.body)).toContain("violates PodSecurity");
  }
  return undefined;
}

interface PodTemplate {
  readonly spec: Readonly<Record<string, unknown>>;
}

function templateOf({ spec }: KubernetesObject): PodTemplate {
  // Deployments and Jobs have one.
  return (spec as { readonly template: PodTemplate }).template;
}

test.each(stacks)("with $what each pod needs the level that the doctor names", async ({ config }) => {
  const values = chartValues(config, "promotion");
  const chart = await renderChart({ chartDir: engineChart, release: "keye", namespace: "keye", values });
  const engines = parseManifests(chart).filter(({ kind }) => kind === "Deployment");
  const { jobs } = supplyPlan(config, [poolNode()], sha256);
  const pods = [...engines, ...jobs.map(({ manifest }) => manifest)].map(templateOf);
  expect(securedPods(config).map(({ level }) => level)).toEqual(await Promise.all(pods.map(strictest)));
});

test("a build's pod needs the level that the doctor names", async () => {
  const plan = buildPlan();
  const config: StackConfig = { ...stackConfig(), image: plan.image };
  const level = await strictest(templateOf(buildJob(plan)));
  expect(securedPods(config).at(-1)).toMatchObject({ pods: "the build's pods", level });
});
