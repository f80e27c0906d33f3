import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ClusterConnection, connect } from "../../infra/cluster/connect.ts";
import { revisionLabel } from "../../infra/core/names.ts";
import { activeOf } from "../../infra/gate/app-view.ts";
import { onRealNode } from "../../infra/rehearsal/real-node/node-object.ts";
import { buildConfigMap, buildJob } from "../../infra/spec/build/build-job.ts";
import { buildPlan } from "../support/build-plan.ts";
import { deepGemm, effectiveKernels } from "../support/git-sources.ts";
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
    const { repositories } = world;
    expect(await world.keye("lock")).toMatchObject({ exitCode: 0 });
    const locked = {
      sglang: repositories.sglang.head(),
      deepGemm: repositories.deepGemm.head(),
      effectiveKernels: repositories.effectiveKernels.head(),
    };
    repositories.deepGemm.commit({ "setup.py": "raise SystemExit('the branch has moved')\n" });

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

  test("is taken from a Job that ended while nobody looked", async () => {
    const { builds } = world.lock();
    world.writeLock({ ...world.lock(), builds: {} });
    const { exitCode, err } = await world.keye("build");
    expect({ exitCode, err }).toMatchObject({ exitCode: 0, err: expect.stringContaining("has built it already.") });
    expect(Object.values(world.lock().builds)[0]?.digest).toBe(Object.values(builds)[0]?.digest);
  });

  test("gives an image whose deep_gemm is the fork's, in a pod that runs what was pushed", async () => {
    const [recorded] = Object.values(world.lock().builds);
    const image = `${recorded?.repository}@${recorded?.digest}`;
    const script =
      "import deep_gemm, effective_kernels.ops, sglang; print(deep_gemm.fp8_mqa_logits.__name__, sglang.__file__)";
    const containers = [{ name: "main", image, command: ["python3", "-c", script] }];
    const pods = "/api/v1/namespaces/keye/pods";
    await world.real.cluster.create([
      pods,
      { metadata: { name: "look" }, spec: { ...onRealNode, restartPolicy: "Never", containers } },
    ]);
    const { status } = await world.real.ended("keye", "look");
    expect(await world.real.cluster.log("keye", "look")).toBe(
      "fp8_mqa_logits /opt/keye/src/sglang/python/sglang/__init__.py\n",
    );
    expect(status?.containerStatuses?.[0]?.imageID).toBe(image);
  });

  test("is deployed: every engine that was proven and serves runs this digest", async () => {
    const [recorded] = Object.values(world.lock().builds);
    const { exitCode, out, err } = await world.up();
    expect({ exitCode, out, err }).toMatchObject({ exitCode: 0 });
    const ref = { namespace: "keye", app: "keye", service: "keye" };
    const traffic = await world.connection.liveTraffic(ref, never);
    const pods = await world.real.cluster.pods("keye");
    const serving = pods.filter(
      ({ metadata }) => metadata.labels?.[revisionLabel] === activeOf({ traffic: traffic ?? { kind: "none" } }),
    );
    expect(serving.map(({ status }) => status?.containerStatuses?.[0]?.imageID)).toEqual(
      Array.from({ length: 2 }, () => expect.stringMatching(new RegExp(`${recorded?.digest}$`))),
    );
  });

  test("of a branch that moved is another one, once the lock takes the new commit", async () => {
    const before = await world.keye("build", "--dry-run");
    const { exitCode, out } = await world.keye("lock", "--update");
    expect({ exitCode, out }).toEqual({
      exitCode: 0,
      out: expect.stringMatching(/DeepGEMM\.git#keye_support: [0-9a-f]{7} -> [0-9a-f]{7}$/),
    });
    const after = await world.keye("build", "--dry-run");
    expect(jobName(after.out)).not.toBe(jobName(before.out));
  });

  test("that leaves the stock deep_gemm where it is fails its preflight, and nothing is pushed", async () => {
    world.repositories.deepGemm.commit({ ...deepGemm, "install.sh": "echo done\n" });
    await world.keye("lock", "--update");
    const { exitCode, err } = await world.keye("build");
    expect(exitCode).toBe(1);
    expect(err).toContain('Preflight: deep_gemm has no fp8_mqa_logits (step "Preflight: the imports');
    expect(err).toMatch(/deep_gemm is not the fork's: .*site-packages\/deep_gemm\/__init__\.py differs from/);
    const key = jobName((await world.keye("build", "--dry-run")).out)?.slice(-10);
    expect(await world.real.registry.manifest("keye/engine", `build-${key}`)).toBeUndefined();
  });

  test("whose step fails says which and its last lines, and so it does again; a better commit is built from what is kept", async () => {
    world.repositories.deepGemm.commit({ ...deepGemm, "setup.py": "raise SystemExit('nvcc died')\n" });
    await world.keye("lock", "--update");
    const failed = await world.keye("build");
    expect(failed.exitCode).toBe(1);
    expect(failed.err).toMatch(
      /E_BUILD: keye\/jobs\/keye-build-[0-9a-f]{10}: Step "2 of 3: DeepGEMM, over the one that SGLang brought" failed with exit code 1\./,
    );
    expect(failed.err).toContain("nvcc died");
    const again = await world.keye("build");
    expect(again).toMatchObject({ exitCode: 1, err: expect.stringContaining("It is begun anew.") });

    world.repositories.deepGemm.commit(deepGemm);
    expect(await world.keye("lock", "--update")).toMatchObject({ exitCode: 0 });
    const mended = await world.keye("build", "--follow");
    expect({ exitCode: mended.exitCode, err: mended.err }).toMatchObject({ exitCode: 0 });
    expect(mended.err).toMatch(/^#\d+ CACHED$/m);
  });

  test("goes on without the command that began it, ends with its pod, and is begun anew", async () => {
    world.gate.isOpen = false;
    world.repositories.effectiveKernels.commit({ "setup.py": world.gate.wait + effectiveKernels["setup.py"] });
    await world.keye("lock", "--update");
    const killed = world.start("build");
    await killed.line(/3 of 3: EffectiveKernels/);
    killed.process.kill("SIGKILL");
    await killed.ended;

    const interrupted = world.start("build");
    await interrupted.line(/is there already: it is followed/);
    interrupted.process.kill("SIGINT");
    expect(await interrupted.ended).toMatchObject({
      exitCode: 130,
      err: expect.stringContaining("goes on. Follow it: keye build."),
    });

    const watching = world.start("build");
    await watching.line(/3 of 3: EffectiveKernels/);
    await world.deletePod();
    const { exitCode, err } = await watching.ended;
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: expect.stringContaining("Its pod was ended from outside") });

    world.gate.isOpen = true;
    const anew = await world.keye("build");
    expect({ exitCode: anew.exitCode, err: anew.err }).toEqual({
      exitCode: 0,
      err: expect.stringContaining("It is begun anew."),
    });
  });

  test("on a full disk says so, and is done once it has room", async () => {
    await world.createClaim("small", world.smallDisk);
    world.writeSettings({ cacheClaim: "small" });
    world.repositories.sglang.commit({ "python/sglang/version.py": "" });
    await world.keye("lock", "--update");
    const full = await world.keye("build");
    expect(full.exitCode).toBe(1);
    expect(full.err).toMatch(/: The disk is full.* Make the claim small larger or empty it/);
    expect(full.err).toContain("no space left on device");

    world.writeSettings({ cacheClaim: "cache" });
    const roomy = await world.keye("build");
    expect({ exitCode: roomy.exitCode, err: roomy.err }).toEqual({
      exitCode: 0,
      err: expect.stringMatching(/has ended\. The disk is full.*It is begun anew\./),
    });
  });

  test("is ended by --cancel", async () => {
    world.gate.isOpen = false;
    world.repositories.effectiveKernels.commit({ "setup.py": `${world.gate.wait}# Another commit.\n` });
    await world.keye("lock", "--update");
    const running = world.start("build");
    await running.line(/3 of 3: EffectiveKernels/);
    const { exitCode, err } = await world.keye("build", "--cancel");
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: expect.stringContaining("which was running, is deleted") });
    expect(await running.ended).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("The Job was deleted while it was followed."),
    });
  });
});

function jobName(manifests: string): string | undefined {
  return /name: (keye-build-[0-9a-f]{10})/.exec(manifests)?.[1];
}
