import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RehearsalReport } from "../../infra/cli/rehearse-copy/report.ts";
import { appLabel, revisionLabel } from "../../infra/core/names.ts";
import { RehearsedTarget, type Told } from "../support/rehearsed-target.ts";

// Sixteen GPUs in two nodes; others hold some, and two replicas of two serve, both on the first node.

const serving = { [appLabel]: "keye", [revisionLabel]: "aaaaaaaaaa" };

let target: RehearsedTarget;
beforeAll(async () => {
  target = await RehearsedTarget.start();
  const { cluster } = target;
  for (const namespace of ["keye", "team-a"]) await cluster.createNamespace(namespace);
  await target.hold("team-a", "codename-falcon", { on: "h800-0", gpus: 4 });
  for (const pod of ["keye-1", "keye-2"]) await target.hold("keye", pod, { on: "h800-0", gpus: 2, labels: serving });
  await target.serve(serving);
  await cluster.create([
    "/api/v1/namespaces/keye/secrets",
    { metadata: { name: "precious" }, stringData: { key: "s3cr3t" } },
  ]);
});
afterAll(() => target.close());

function rehearsed(...args: readonly string[]): Promise<Told> {
  return target.rehearsed("Pulumi.rehearsal.yaml", ...args);
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
    expect(report.present).toEqual({ revision: "aaaaaaaaaa", replicas: 2, podsPerReplica: 1 });
  });

  test("the target was asked for nothing but what is copied, and told nothing", () => {
    expect([...new Set(target.proxy.requests)].sort()).toEqual([
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
    await target.hold("team-a", "codename-condor", { on: "h800-1", gpus: 6 });
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
