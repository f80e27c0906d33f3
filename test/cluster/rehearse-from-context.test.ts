import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rehearse } from "../../infra/cli/rehearse.ts";
import type { RehearsalReport } from "../../infra/cli/rehearse-copy/report.ts";
import { appLabel, revisionLabel } from "../../infra/core/names.ts";
import { RecordingProxy } from "../support/recording-proxy.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";

// Sixteen GPUs in two nodes; others hold some, and two replicas of two serve, both on the first node.

const serving = { [appLabel]: "keye", [revisionLabel]: "aaaaaaaaaa" };
const dir = mkdtempSync(join(tmpdir(), "rehearse-from-context-"));
const name = `test-${process.pid}`;

let target: TestCluster;
let proxy: RecordingProxy;
beforeAll(async () => {
  target = await TestCluster.start();
  for (const namespace of ["keye", "team-a"]) await target.createNamespace(namespace);
  await hold("team-a", "codename-falcon", { on: "h800-0", gpus: 4 });
  for (const pod of ["keye-1", "keye-2"]) await hold("keye", pod, { on: "h800-0", gpus: 2, labels: serving });
  await target.create(
    [
      "/api/v1/namespaces/keye/services",
      { metadata: { name: "keye" }, spec: { selector: serving, ports: [{ name: "http", port: 8000 }] } },
    ],
    ["/api/v1/namespaces/keye/secrets", { metadata: { name: "precious" }, stringData: { key: "s3cr3t" } }],
  );
  proxy = await RecordingProxy.start(target.rehearsal.state.kubeconfig);
  writeFileSync(join(dir, "kubeconfig"), proxy.kubeconfig);
});
afterAll(async () => {
  await proxy.close();
  await target.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Held {
  readonly on: string;
  readonly gpus: number;
  readonly labels?: Readonly<Record<string, string>>;
}

async function hold(namespace: string, pod: string, { on, gpus, labels = { owner: "alice" } }: Held): Promise<void> {
  const resources = { requests: { cpu: "8", memory: "64Gi" }, limits: { "nvidia.com/gpu": String(gpus) } };
  const containers = [{ name: "engine", image: "registry.example.com/falcon:1", resources }];
  const spec = { nodeName: on, tolerations: [{ operator: "Exists" }], terminationGracePeriodSeconds: 0, containers };
  await target.create([`/api/v1/namespaces/${namespace}/pods`, { metadata: { name: pod, labels }, spec }]);
}

interface Told {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

async function rehearsed(...args: readonly string[]): Promise<Told> {
  const out: string[] = [];
  const err: string[] = [];
  const world = {
    out: (text: string) => out.push(text),
    err: (text: string) => err.push(text),
    env: { ...process.env, PULUMI_HOME: join(dir, "home") },
    signal: target.signal,
  };
  const given = ["--kubeconfig", join(dir, "kubeconfig"), "--stack-file", "Pulumi.rehearsal.yaml", "--name", name];
  const exitCode = await rehearse.run(["--from-context", "target", ...given, ...args], world);
  return { exitCode, out: out.join("\n"), err: err.join("\n") };
}

describe("a target with room for old and new at once", () => {
  let told: Told;
  let report: RehearsalReport;
  beforeAll(async () => {
    told = await rehearsed("--strategy", "blueGreen", "--speed", "60", "--json");
    report = JSON.parse(told.out);
  }, 300_000);

  test("the rollout passes, and its low-water mark is told", () => {
    expect(told.exitCode).toBe(0);
    const [rollout] = report.rollouts;
    expect(rollout).toMatchObject({ strategy: "blueGreen", verdict: "pass", outageSeconds: 0 });
    // Eight of sixteen are held before, and four more while both revisions run.
    expect(rollout?.lowWater).toEqual({ servingReplicas: 2, freeGpus: 4 });
    expect(rollout?.timeline.map(({ phase }) => phase)).toEqual(
      expect.arrayContaining(["ready", "probe", "switch", "soak"]),
    );
  });

  test("the planner says the same of the target and of its copy", () => {
    expect(report.plan).toContainEqual({
      strategy: "blueGreen",
      isPossible: true,
      reason: "room for 2 of 2 beside the 2 that serve",
    });
    expect(report.planOfCopy).toBeUndefined();
    expect(report.present).toEqual({ revision: "aaaaaaaaaa", replicas: 2 });
  });

  test("the target was asked for nothing but what is copied, and told nothing", () => {
    expect([...new Set(proxy.requests)].sort()).toEqual([
      "GET /api/v1/namespaces/keye/limitranges",
      "GET /api/v1/namespaces/keye/resourcequotas",
      "GET /api/v1/namespaces/keye/services/keye",
      "GET /api/v1/nodes",
      "GET /api/v1/pods",
      "GET /version",
    ]);
  });

  test("nothing says whose the other pods are", () => {
    expect(told.out + told.err).not.toMatch(/falcon|alice|team-a|s3cr3t/);
  });
});

describe("a target without that room", () => {
  let exitCode: number;
  let report: RehearsalReport;
  beforeAll(async () => {
    await hold("team-a", "codename-condor", { on: "h800-1", gpus: 6 });
    const told = await rehearsed("--strategy", "blueGreen,recreate", "--speed", "60", "--json");
    exitCode = told.exitCode;
    report = JSON.parse(told.out);
  }, 600_000);

  test("blue-green is refused as the update would be, and what serves goes on", () => {
    expect(report.plan[0]).toMatchObject({ strategy: "blueGreen", isPossible: false });
    expect(report.rollouts[0]).toMatchObject({
      verdict: "refused",
      lowWater: { servingReplicas: 2, freeGpus: 2 },
      outageSeconds: 0,
      reason: expect.stringMatching(
        /^E_CAPACITY: .*needs 2 replicas of 2 GPUs each; there is room for 1 \(2 GPUs free\)/,
      ),
    });
    expect(exitCode).toBe(1);
  });

  test("recreate passes, and how long nobody serves is told", () => {
    const [, recreate] = report.rollouts;
    expect(recreate).toMatchObject({ verdict: "pass", lowWater: { servingReplicas: 0, freeGpus: 2 } });
    const ofPhases = recreate?.timeline.filter(({ phase }) => ["empty", "ready", "probe"].includes(phase)) ?? [];
    expect(ofPhases.map(({ lowWater }) => lowWater.servingReplicas)).toEqual([0, 0, 0]);
    expect(recreate?.outageSeconds).toBeGreaterThan(3);
  });
});
