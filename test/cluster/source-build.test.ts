import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { buildConfigMap, buildJob } from "../../infra/spec/build/build-job.ts";
import { buildPlan } from "../support/build-plan.ts";
import { whyNoRealPods } from "../support/real-node-cluster.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";
import { SourceBuild } from "../support/source-build.ts";

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

const reason = whyNoRealPods();

describe("a source build in a true pod", () => {
  let world: SourceBuild;

  beforeAll(async () => {
    if (reason !== undefined) return;
    world = await SourceBuild.start();
    await world.createClaim("cache", join(world.real.dir, "cache"));
    world.writeSettings({ cacheClaim: "cache" });
  });
  afterAll(() => world?.close());
  beforeEach(({ skip }) => skip(reason !== undefined, reason));

  test("installs the three repositories at the lock's commits in the authors' order, whatever the branch is by then", async () => {
    const { deepGemm, sglang, effectiveKernels } = world.repositories;
    expect(await world.keye("lock")).toMatchObject({ exitCode: 0 });
    const locked = { sglang: sglang.head(), deepGemm: deepGemm.head(), effectiveKernels: effectiveKernels.head() };
    deepGemm.commit({ "setup.py": "raise SystemExit('the branch has moved')\n" });

    const { exitCode, out, err } = await world.keye("build", "--follow");

    expect({ exitCode, err }).toMatchObject({ exitCode: 0 });
    const places = [
      `keye: sglang is at ${locked.sglang}`,
      "Successfully installed", // SGLang, with the stock deep_gemm of its kernels
      `keye: deepGemm is at ${locked.deepGemm}`,
      "Successfully installed deep-gemm-2.1.0+",
      `keye: effectiveKernels is at ${locked.effectiveKernels}`,
      "Successfully installed effective-kernels-0.1.0",
      "keye: the image is whole",
    ].map((text) => err.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    const [build] = Object.entries(world.lock().builds);
    const [key, recorded] = build ?? [];
    const pushed = await world.real.registry.manifest("keye/engine", `build-${key}`);
    expect(recorded).toMatchObject({
      repository: world.repository,
      digest: pushed?.digest,
      provenance: { sources: locked, versions: { torch: "2.9.1", cuda: "12.9", sglang: "0.5.9" } },
    });
    expect(recorded?.provenance.versions.deep_gemm).toBe(`2.1.0+${locked.deepGemm.slice(0, 7)}`);
    expect(out).toBe(`${world.repository}@${pushed?.digest}`);
  });

  test("is not done twice: lock and registry have the image", async () => {
    const { exitCode, err } = await world.keye("build");
    expect({ exitCode, err }).toEqual({
      exitCode: 0,
      err: expect.stringMatching(
        /^Build [0-9a-f]{10} is in keye\.lock\.yaml, and the registry has it: nothing to do\.$/,
      ),
    });
  });
});
