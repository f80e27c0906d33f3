import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { buildConfigMap, buildJob } from "../../infra/spec/build/build-job.ts";
import { buildPlan } from "../support/build-plan.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";

const never = new AbortController().signal;

describe("the objects of a build on a real API server", () => {
  let cluster: TestCluster;
  let connection: ClusterConnection;

  beforeAll(async () => {
    cluster = await TestCluster.start();
    connection = connect({ kubeconfig: cluster.rehearsal.state.kubeconfig });
    await connection.jobs.ensureNamespace("keye", never);
  });
  afterAll(async () => {
    connection.close();
    await cluster.close();
  });

  test.each([
    { what: "by default", build: {} },
    {
      what: "with every setting",
      build: { cacheClaim: "cache", pushSecret: "push", nodeSelector: { "example.com/build": "true" } },
    },
  ])("are taken as they are, $what: no field is unknown, no rule broken", async ({ build }) => {
    const plan = buildPlan(build);
    for (const object of [buildConfigMap(plan), buildJob(plan)]) {
      await connection.jobs.apply(object, never, { isDryRun: true });
    }
    expect(await connection.jobs.find({ namespace: plan.namespace, name: plan.name }, never)).toBeUndefined();
  });

  test("with a misspelt field are refused", async () => {
    const job = buildJob(buildPlan());
    const misspelt = { ...job, spec: { ...Object(job.spec), backofLimit: 2 } };
    await expect(connection.jobs.apply(misspelt, never, { isDryRun: true })).rejects.toThrow(/backofLimit/);
  });

  test("applied twice are one Job, and gone once removed", async () => {
    const plan = buildPlan();
    const ref = { namespace: plan.namespace, name: plan.name };
    await connection.jobs.apply(buildJob(plan), never);
    await connection.jobs.apply(buildJob(plan), never);
    const view = await connection.jobs.find(ref, never);
    await connection.jobs.remove({ ...ref, uid: view?.job.metadata.uid ?? "" }, never);
    expect(await connection.jobs.find(ref, never)).toBeUndefined();
  });
});
