import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../infra/core/kubernetes-object.ts";
import { supplyPlan } from "../../infra/spec/supply/plan.ts";
import type { Job } from "../../infra/status/job-status.ts";
import { startFakeHub } from "../support/fake-hub.ts";
import { poolNode } from "../support/pool-node.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";
import { sha256, stackConfig } from "../support/stack-config.ts";
import { hydrated } from "../support/weights-settings.ts";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start();
});

afterAll(() => cluster?.close());

const folder = { kind: "hostPath", path: "/data/models", mountPath: "/models" };

function planned(namespace: string, settings: Readonly<Record<string, unknown>>, ...nodes: readonly string[]) {
  const config = stackConfig({ ...settings, namespace });
  return supplyPlan(
    config,
    nodes.map((name) => poolNode({ name })),
    sha256,
  );
}

function collectionOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  return `${root}/namespaces/${metadata.namespace}/${kind.toLowerCase()}s`;
}

describe("the API server knows every field of", () => {
  const create = { storageClass: "shared" };
  const volume = { kind: "pvc", claim: "weights", mountPath: "/models", create };
  const bucket = { kind: "s3", url: "s3://models/keye", region: "eu-1", credentialsSecret: "bucket" };

  test.each([
    {
      what: "weights on a claim of our own",
      settings: hydrated({ volume, tokenSecret: { name: "hub", key: "token" } }),
    },
    { what: "weights from a bucket on each node", settings: hydrated({ volume: folder, weights: bucket }) },
  ])("$what", async ({ settings }) => {
    const { claim, jobs } = planned("default", settings, "h800-0", "h800-1");
    const objects = [...(claim === undefined ? [] : [claim]), ...jobs.map(({ manifest }) => manifest)];
    const query = { dryRun: "All", fieldValidation: "Strict" };
    for (const body of objects) {
      const taken = await cluster.call<KubernetesObject>({ method: "POST", path: collectionOf(body), query, body });
      expect(taken.metadata.name).toBe(body.metadata.name);
    }
  });
});

/** Creates a Job as Pulumi does, suspended, then lets it run as a promotion does. */
async function started(manifest: KubernetesObject): Promise<string> {
  const collection = collectionOf(manifest);
  const path = `${collection}/${manifest.metadata.name}`;
  await cluster.create([collection, manifest]);
  const body = { spec: { suspend: false } };
  await cluster.call({ method: "PATCH", path, body, contentType: "application/merge-patch+json" });
  return path;
}

async function conditionOf(path: string, type: string) {
  const { status } = await cluster.call<Job>({ method: "GET", path });
  return status?.conditions?.find((one) => one.type === type && one.status === "True");
}

test("a pre-pull Job waits, then runs on its node alone, and counts as no pod of the app", async () => {
  await cluster.createNamespace("pull");
  const [job] = planned("pull", {}, "h800-1").jobs;
  if (job === undefined) throw new Error("nothing is planned");
  const path = await started(job.manifest);
  await cluster.until("the image", () => conditionOf(path, "Complete"));
  const [pod, ...others] = await cluster.pods("pull");
  expect(others).toEqual([]);
  expect(pod?.spec?.nodeName).toBe("h800-1");
  expect(pod?.metadata.labels).not.toHaveProperty("app.kubernetes.io/instance");
});

test("a source that says no for good ends the Job at its first try, with the command's own words", async () => {
  const hub = await startFakeHub({});
  hub.refuse = () => ({ status: 404, headers: { "x-error-code": "RepoNotFound" } });
  try {
    await cluster.createNamespace("refused");
    const weights = { kind: "huggingface", repo: "owner/model", endpoint: hub.url };
    const [job] = planned("refused", hydrated({ volume: folder, weights }), "h800-0").jobs;
    if (job === undefined) throw new Error("nothing is planned");
    const path = await started(job.manifest);
    const failed = await cluster.until("the end of the Job", () => conditionOf(path, "Failed"));
    expect(failed.reason).toBe("PodFailurePolicy");
    const [pod, ...others] = await cluster.pods("refused");
    expect(others).toEqual([]);
    expect(pod?.status?.containerStatuses?.[0]?.state?.terminated?.message).toMatch(/^E_SUPPLY: .*404/);
  } finally {
    await hub.close();
  }
});
