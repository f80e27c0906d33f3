import { expect, test } from "vitest";
import type { KubernetesObject } from "../../infra/core/kubernetes-object.ts";
import { revisionLabel, workerLabel } from "../../infra/core/names.ts";
import { engineChart, parseManifests, renderChart } from "../../infra/process/helm.ts";
import { cacheKeyOf, podSpecOf, revisionOf } from "../../infra/spec/revision.ts";
import { testDigest } from "../support/stack-config.ts";

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly args: readonly string[]; readonly ports?: unknown }[] };
}

async function render(engine: object, values: object = {}, release = "keye"): Promise<readonly KubernetesObject[]> {
  const all = { image: { digest: testDigest }, engine, ...values };
  return parseManifests(await renderChart({ chartDir: engineChart, release, namespace: "keye", values: all }));
}

function templates(objects: readonly KubernetesObject[]): { readonly leader: Template; readonly worker: Template } {
  const set = objects.find(({ kind }) => kind === "LeaderWorkerSet");
  if (set === undefined) throw new Error("no LeaderWorkerSet was rendered");
  // As the chart renders it.
  const spec = set.spec as { leaderWorkerTemplate: { leaderTemplate: Template; workerTemplate: Template } };
  const { leaderTemplate, workerTemplate } = spec.leaderWorkerTemplate;
  return { leader: leaderTemplate, worker: workerTemplate };
}

test("no selector of the chart finds a worker, and every one of a revision finds its leaders", async () => {
  const objects = await render({ tpSize: 4, nodesPerReplica: 2 });
  const { leader, worker } = templates(objects);
  const revision = revisionOf(objects);
  expect(leader.metadata.labels[revisionLabel]).toBe(revision);
  expect(worker.metadata.labels[revisionLabel]).toBeUndefined();
  expect(worker.metadata.labels[workerLabel]).toBe(revision);
  expect(worker.spec.containers[0]?.ports).toBeUndefined();
  expect(objects.some(({ kind }) => kind === "Deployment")).toBe(false);
});

test("leader and workers are started alike, and each gets its share of the GPUs", async () => {
  const { leader, worker } = templates(await render({ tpSize: 4, nodesPerReplica: 2 }));
  const args = leader.spec.containers[0]?.args;
  expect(worker.spec.containers[0]?.args).toEqual(args);
  expect(args).toEqual(
    expect.arrayContaining([
      "--tp-size=4",
      "--nnodes=$(LWS_GROUP_SIZE)",
      "--node-rank=$(LWS_WORKER_INDEX)",
      "--dist-init-addr=$(LWS_LEADER_ADDRESS):8001",
    ]),
  );
  expect(worker.spec.containers[0]).toMatchObject({ resources: { limits: { "nvidia.com/gpu": "2" } } });
});

test("over how many nodes a replica is spread is part of its revision, and what is read of it is the leader's", async () => {
  const spread = await render({ tpSize: 4, nodesPerReplica: 2 }, { cacheVolume: { hostPath: { path: "/cache" } } });
  const whole = await render({ tpSize: 4 }, { cacheVolume: { hostPath: { path: "/cache" } } });
  const wider = await render({ tpSize: 4, nodesPerReplica: 4 }, { cacheVolume: { hostPath: { path: "/cache" } } });
  expect(new Set([spread, whole, wider].map(revisionOf)).size).toBe(3);
  expect(podSpecOf(spread)).toMatchObject({ topologySpreadConstraints: [{ maxSkew: 1 }] });
  expect(cacheKeyOf(spread)).toMatch(/^[0-9a-f]{10}$/);
});

test.each([
  {
    what: "GPUs that cannot be split evenly",
    engine: { tpSize: 2, nodesPerReplica: 4 },
    says: /tpSize 2 cannot be split evenly/,
  },
  {
    what: "a name that the controller would make too long",
    engine: { tpSize: 4, nodesPerReplica: 2 },
    release: "keye-vl-2-0-30b-a3b-in-the-second-zone",
    says: /is too long, or begins with no letter/,
  },
])("$what end the rendering", async ({ engine, release, says }) => {
  await expect(render(engine, {}, release)).rejects.toThrow(says);
});
