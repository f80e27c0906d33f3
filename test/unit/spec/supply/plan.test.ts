import { expect, test } from "vitest";
import { supplyInputs, supplyPlan } from "../../../../infra/spec/supply/plan.ts";
import { poolNode } from "../../../support/pool-node.ts";
import { sha256, stackConfig } from "../../../support/stack-config.ts";
import { hydrated } from "../../../support/weights-settings.ts";

const nodes = [poolNode({ name: "b" }), poolNode({ name: "a" }), poolNode({ name: "b" })];

test("weights are started first, then the image on every node once", () => {
  const { jobs } = supplyPlan(stackConfig(hydrated()), nodes, sha256);
  expect(jobs.map(({ job }) => [job.kind, job.node])).toEqual([
    ["hydrate", undefined],
    ["prePull", "a"],
    ["prePull", "b"],
  ]);
});

test("a node that is down or cordoned is not waited for", () => {
  const absent = [poolNode({ name: "c", isReady: false }), poolNode({ name: "d", isUnschedulable: true })];
  const { jobs } = supplyPlan(stackConfig(), [...nodes, ...absent], sha256);
  expect(jobs.map(({ job }) => job.node)).toEqual(["a", "b"]);
});

test("the promotion is told each Job and the limits of all", () => {
  const config = stackConfig({ supply: { parallelism: 2, deadlineSeconds: 900 } });
  const plan = supplyPlan(config, [poolNode({ name: "a" })], sha256);
  expect(supplyInputs(config, plan)).toEqual({
    jobs: [{ name: plan.jobs[0]?.manifest.metadata.name, kind: "prePull", node: "a" }],
    parallelism: 2,
    deadlineSeconds: 900,
  });
});

test("where nothing is brought the promotion is told nothing", () => {
  const config = stackConfig({ supply: { prePull: false } });
  expect(supplyInputs(config, supplyPlan(config, nodes, sha256))).toBeUndefined();
});

test("the stack makes the claim where it is asked to", () => {
  const create = { storageClass: "shared", size: "200Gi" };
  const volume = { kind: "pvc", claim: "keye-weights", mountPath: "/models", create };
  expect(supplyPlan(stackConfig(hydrated({ volume })), [], sha256).claim).toEqual({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: "keye-weights",
      namespace: "keye",
      labels: { "app.kubernetes.io/managed-by": "keye-stack", "app.kubernetes.io/part-of": "keye-stack" },
    },
    spec: {
      accessModes: ["ReadWriteMany"],
      resources: { requests: { storage: "200Gi" } },
      storageClassName: "shared",
    },
  });
});

test("without a class the cluster's default one is left to choose", () => {
  const volume = { kind: "pvc", claim: "keye-weights", mountPath: "/models", create: {} };
  const { claim } = supplyPlan(stackConfig(hydrated({ volume })), [], sha256);
  expect(claim?.spec).toEqual({ accessModes: ["ReadWriteMany"], resources: { requests: { storage: "150Gi" } } });
});

test("a claim that is there already is not the stack's", () => {
  expect(supplyPlan(stackConfig(hydrated()), [], sha256)).not.toHaveProperty("claim");
});
