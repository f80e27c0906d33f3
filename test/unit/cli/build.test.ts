import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { build } from "../../../infra/cli/build.ts";
import { recordBuild } from "../../../infra/cli/build-record.ts";
import { type BuildJobs, type BuiltImage, runBuild } from "../../../infra/cli/build-run.ts";
import type { Clock } from "../../../infra/core/clock.ts";
import type { KubernetesObject } from "../../../infra/core/kubernetes-object.ts";
import { formatLock } from "../../../infra/spec/lock/format.ts";
import { withEntries } from "../../../infra/spec/lock/lock.ts";
import { parseLock } from "../../../infra/spec/lock/parse.ts";
import type { JobView } from "../../../infra/status/job-status.ts";
import type { ContainerState, Pod } from "../../../infra/status/objects.ts";
import { buildPlan, goodLastWords, sourceLock } from "../../support/build-plan.ts";

const plan = buildPlan({ deadlineSeconds: 3600 });
const never = new AbortController().signal;
const jobName = `keye/${plan.name}`;
const stepLine = '#9 [image 4/8] RUN <<"END" (# 1 of 3: SGLang...)';

/** What a build's Job looks like at one moment. */
function view(state: ContainerState | undefined, end?: { readonly type: string; readonly reason?: string }): JobView {
  const pod: Pod = {
    metadata: { name: `${plan.name}-x7k2p` },
    status: {
      containerStatuses: [{ name: "supply", ready: true, restartCount: 0, ...(state === undefined ? {} : { state }) }],
    },
  };
  const conditions = end === undefined ? [] : [{ status: "True", ...end }];
  const job = { metadata: { name: plan.name, uid: "uid-1" }, spec: {}, status: { conditions } };
  return { job, pods: state === undefined ? [] : [pod], events: [] };
}

const running = view({ running: {} });
const done = view({ terminated: { exitCode: 0, message: goodLastWords(plan) } }, { type: "Complete" });
const failedStep = view(
  {
    terminated: {
      exitCode: 1,
      message: `${stepLine}\n#9 1.2 error: no rust\nerror: failed to solve: the step did not complete successfully: exit code: 1`,
    },
  },
  { type: "Failed", reason: "PodFailurePolicy" },
);

/** A cluster whose Job is, at each reading in turn, what the script says; its last state stays. */
class FakeJobs implements BuildJobs {
  readonly calls: string[] = [];
  readonly applied: KubernetesObject[] = [];
  readonly #views: (JobView | undefined)[];
  lines: readonly string[] = [];

  constructor(...views: readonly (JobView | undefined)[]) {
    this.#views = [...views];
  }

  async ensureNamespace(name: string) {
    this.calls.push(`namespace ${name}`);
  }

  async apply(object: KubernetesObject) {
    this.calls.push(`apply ${object.kind}`);
    this.applied.push(object);
  }

  async find() {
    return this.#views.length > 1 ? this.#views.shift() : this.#views[0];
  }

  async remove({ uid }: { readonly uid: string }) {
    this.calls.push(`remove ${uid}`);
  }

  async followLog(pod: { readonly name: string }, { onLine }: { readonly onLine: (line: string) => void }) {
    this.calls.push(`follow ${pod.name}`);
    for (const line of this.lines) onLine(line);
  }
}

/** Time that passes by itself, as far as it is slept. */
function hastyClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: async (duration, signal) => {
      signal?.throwIfAborted();
      now += duration;
    },
  };
}

async function run(jobs: FakeJobs, options: { readonly image?: BuiltImage; readonly signal?: AbortSignal } = {}) {
  const told: string[] = [];
  const log: string[] = [];
  const imageOf = async () => options.image ?? ({ kind: "there", bytes: 7 } as const);
  const world = {
    jobs,
    clock: hastyClock(),
    imageOf,
    tell: (line: string) => told.push(line),
    onLog: (line: string) => log.push(line),
  };
  const result = await runBuild(plan, world, options.signal ?? never).catch((error: unknown) => error);
  return { result, told, log, calls: jobs.calls };
}

describe("a build", () => {
  test("that nobody has begun is begun, followed and read", async () => {
    const jobs = new FakeJobs(undefined, view(undefined), running, running, done);
    jobs.lines = ["#4 [image 1/8] FROM x", stepLine];
    const { result, told, log, calls } = await run(jobs);
    expect(result).toMatchObject({ digest: `sha256:${"d1".repeat(32)}` });
    expect(calls).toEqual(["namespace keye", "apply ConfigMap", "apply Job", `follow ${plan.name}-x7k2p`]);
    expect(told).toEqual([
      `Job ${jobName} builds ${plan.target}.`,
      "build: waits: no pod yet; 0 s so far, time left unknown",
      "build: step 4 of 8, 1 of 3: SGLang; 5 s so far, time left unknown",
    ]);
    expect(log).toEqual(jobs.lines);
  });

  test("that runs already is followed, not begun twice", async () => {
    const { told, calls } = await run(new FakeJobs(running, running, done));
    expect(told[0]).toBe(`Job ${jobName} is there already: it is followed.`);
    expect(calls).toEqual([`follow ${plan.name}-x7k2p`]);
  });

  test("that is over before it was seen to run still has its log told", async () => {
    const jobs = new FakeJobs(undefined, view(undefined), done);
    jobs.lines = [stepLine, "#9 CACHED"];
    expect((await run(jobs)).log).toEqual(jobs.lines);
  });

  test("that has ended well while nobody looked is taken as it is", async () => {
    const { result, told, calls } = await run(new FakeJobs(done));
    expect(result).toMatchObject({ needsGpu: ["torchcodec"] });
    expect(told).toEqual([`Job ${jobName} has built it already.`]);
    expect(calls).toEqual([]);
  });

  test("whose image somebody deleted from the registry is begun anew", async () => {
    const { told, calls } = await run(new FakeJobs(done, running, done), { image: { kind: "none" } });
    expect(told[0]).toBe(`Job ${jobName} has ended. What it built is no longer to be had. It is begun anew.`);
    expect(calls.slice(0, 4)).toEqual(["remove uid-1", "namespace keye", "apply ConfigMap", "apply Job"]);
  });

  test("whose image cannot be asked for from here is believed", async () => {
    const { calls } = await run(new FakeJobs(done), { image: { kind: "unknown" } });
    expect(calls).toEqual([]);
  });

  test("that failed before is begun anew, and says why it had failed", async () => {
    const { result, told, calls } = await run(new FakeJobs(failedStep, running, done));
    expect(told[0]).toBe(`Job ${jobName} has ended. Step "1 of 3: SGLang" failed with exit code 1. It is begun anew.`);
    expect(calls.slice(0, 4)).toEqual(["remove uid-1", "namespace keye", "apply ConfigMap", "apply Job"]);
    expect(result).toMatchObject({ digest: `sha256:${"d1".repeat(32)}` });
  });

  test("that fails says class, last lines, cure and the next command", async () => {
    const { result } = await run(new FakeJobs(undefined, running, failedStep));
    expect(String(Object(result).message)).toMatchInlineSnapshot(`
      "E_BUILD: keye/jobs/${plan.name}: Step "1 of 3: SGLang" failed with exit code 1. The sources are as the lock says, so the same step fails again unless it was the network; other commits: keye lock --update.
        ${stepLine}
        #9 1.2 error: no rust
        error: failed to solve: the step did not complete successfully: exit code: 1
      Read all of it: kubectl -n keye logs job/${plan.name}. Begin anew: keye build."
    `);
  });

  test("that says nothing for ten minutes is called out, once in ten minutes", async () => {
    const jobs = new FakeJobs(undefined, ...Array.from({ length: 300 }, () => running), done);
    jobs.lines = [stepLine];
    const { told } = await run(jobs);
    expect(told.filter((line) => line.includes("no line of log"))).toEqual([
      "build: step 4 of 8, 1 of 3: SGLang: no line of log for 10 min. It may be stuck; it ends at its deadline; 10 min so far, time left unknown",
      "build: step 4 of 8, 1 of 3: SGLang: no line of log for 20 min. It may be stuck; it ends at its deadline; 20 min so far, time left unknown",
    ]);
    expect(told.filter((line) => line.startsWith("build: step 4"))).toHaveLength(25);
  });

  test("that nothing in the cluster ends is left five minutes after its deadline", async () => {
    const { result } = await run(new FakeJobs(undefined, running));
    expect(result).toMatchObject({ code: "E_BUILD", message: expect.stringContaining("after its deadline of 3600 s") });
  });

  test("whose Job somebody deletes meanwhile ends with a clear word", async () => {
    const { result } = await run(new FakeJobs(undefined, running, undefined));
    expect(result).toMatchObject({
      code: "E_BUILD",
      message: expect.stringContaining("The Job was deleted while it was followed. Begin anew: keye build."),
    });
  });

  test("whose pod the namespace will not have is not waited for", async () => {
    const message =
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": seccompProfile (must not set to "Unconfined")';
    const event = { metadata: { name: "e" }, type: "Warning", message, involvedObject: {} };
    const { result } = await run(new FakeJobs(undefined, { ...view(undefined), events: [event] }));
    expect(result).toMatchObject({
      code: "E_BUILD",
      message: expect.stringMatching(/refuses the build's pod: .* label the namespace pod-security/),
    });
  });

  test("whose pod left no last words is not taken for a result", async () => {
    const silent = view({ terminated: { exitCode: 0 } }, { type: "Complete" });
    const { result } = await run(new FakeJobs(undefined, running, silent));
    expect(result).toMatchObject({ code: "E_BUILD", message: expect.stringContaining("did not say what it built") });
  });

  test("that is interrupted deletes nothing: the Job goes on", async () => {
    const stop = new AbortController();
    const jobs = new FakeJobs(running);
    jobs.lines = [stepLine];
    stop.abort(new Error("Ctrl-C"));
    const { result, calls } = await run(jobs, { signal: stop.signal });
    expect(result).toMatchObject({ message: "Ctrl-C" });
    expect(calls).toEqual([`follow ${plan.name}-x7k2p`]);
  });
});

describe("keye build", () => {
  let folder = "";
  let settings = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keye-build-"));
    settings = join(folder, "Pulumi.prod.yaml");
    writeSettings({ kind: "source", repository: plan.image.repository });
    writeFileSync(join(folder, "keye.lock.yaml"), formatLock(sourceLock));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function writeSettings(image: object) {
    writeFileSync(settings, stringify({ config: { "keye-stack:stack": { image } } }));
  }

  async function keye(...args: readonly string[]) {
    const out: string[] = [];
    const world = { out: (text: string) => out.push(text), err: () => undefined, env: {}, signal: never };
    return { exitCode: await build.run(["--stack-file", settings, ...args], world), out: out.join("\n") };
  }

  test("--dry-run prints ConfigMap and Job and asks no cluster", async () => {
    const { exitCode, out } = await keye("--dry-run");
    expect(exitCode).toBe(0);
    expect(out.match(/^kind: .*$/gm)).toEqual(["kind: ConfigMap", "kind: Job"]);
    expect(out).toContain(`name: ${plan.name}`);
  });

  test.each([
    {
      what: "an image that is not built",
      image: { kind: "prebuilt" },
      error: "image.kind is prebuilt: there is nothing to build.",
    },
    {
      what: "a branch that the lock does not know",
      image: { kind: "source", repository: "r.example.com/x", sources: { deepGemm: { branch: "next" } } },
      error: "image.sources.deepGemm.branch: https://github.com/Kwai-Keye/DeepGEMM.git#next is not in keye.lock.yaml.",
    },
  ])("$what is refused before a cluster is asked", async ({ image, error }) => {
    writeSettings(image);
    await expect(keye("--dry-run")).rejects.toThrow(error);
  });

  test("a build is recorded in the lock as it is by then, beside what others wrote", () => {
    const file = join(folder, "keye.lock.yaml");
    const weights = { "huggingface:a/b@main": { commit: "9".repeat(40), resolvedAt: "2026-11-24T10:00:00Z" } };
    writeFileSync(file, formatLock(withEntries(sourceLock, { weights })));
    const provenance = { base: plan.sources.base, sources: { sglang: "1".repeat(40) }, versions: { torch: "2.9.1" } };
    const builtAt = new Date("2026-11-24T11:30:00.123Z");
    recordBuild(file, plan, { digest: `sha256:${"d1".repeat(32)}`, provenance, builtAt, bytes: 42 });
    const lock = parseLock(readFileSync(file, "utf8"), file);
    expect(lock.weights).toEqual(weights);
    expect(lock.builds).toEqual({
      [plan.key]: {
        repository: plan.image.repository,
        digest: `sha256:${"d1".repeat(32)}`,
        bytes: 42,
        builtAt: "2026-11-24T11:30:00Z",
        provenance,
      },
    });
  });
});
