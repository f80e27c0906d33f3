import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RehearsalReport } from "../../infra/cli/rehearse-copy/report.ts";
import { appLabel, revisionLabel, workerLabel } from "../../infra/core/names.ts";
import { toolPath } from "../../infra/rehearsal/environment.ts";
import { hasGroupProgram } from "../../infra/rehearsal/groups/group-controller.ts";
import { defaultNodes } from "../../infra/rehearsal/nodes.ts";
import { writeStackFile } from "../../scripts/story/stack-file.ts";
import { RehearsedTarget, type Told } from "../support/rehearsed-target.ts";

// Nine nodes of two GPUs; others hold one node, and two replicas of two pods serve, each pod on a node of its own.

const nodes = defaultNodes.map((shape) =>
  shape.gpu === undefined ? shape : { ...shape, count: 9, gpu: { ...shape.gpu, count: 2 } },
);
const settings = [
  { path: ["nodePools", "0", "gpusPerNode"], value: 2 },
  { path: ["engine", "tpSize"], value: 4 },
  { path: ["engine", "nodesPerReplica"], value: 2 },
  { path: ["engine", "resources", "memory"], value: "64Gi" },
];
const leader = { [appLabel]: "keye", [revisionLabel]: "aaaaaaaaaa" };
const worker = { [appLabel]: "keye", [workerLabel]: "aaaaaaaaaa" };

describe.skipIf(!hasGroupProgram(toolPath(process.env.PATH)))("a target where groups of pods serve", () => {
  let target: RehearsedTarget;
  let told: Told;
  let report: RehearsalReport;

  /** A pod of a group with the marks of the controller, which the target itself need not have. */
  async function holdPod(group: number, index: number): Promise<void> {
    const of = {
      "leaderworkerset.sigs.k8s.io/name": "keye-aaaaaaaaaa",
      "leaderworkerset.sigs.k8s.io/group-index": String(group),
    };
    await target.hold("keye", `keye-${group}-${index}`, {
      on: `h800-${group * 2 + index}`,
      gpus: 2,
      labels: { ...(index === 0 ? leader : worker), ...of },
      annotations: { "leaderworkerset.sigs.k8s.io/size": "2" },
    });
  }

  beforeAll(async () => {
    target = await RehearsedTarget.start({ nodes });
    for (const namespace of ["keye", "team-a"]) await target.cluster.createNamespace(namespace);
    await target.hold("team-a", "codename-falcon", { on: "h800-8", gpus: 2 });
    for (const group of [0, 1]) for (const index of [0, 1]) await holdPod(group, index);
    await target.serve(leader);
    const stackFile = writeStackFile(".", target.dir, settings);
    told = await target.rehearsed(stackFile, "--speed", "60", "--json");
    report = JSON.parse(told.out);
  }, 600_000);
  afterAll(() => target?.close());

  test("groups are planned, and as many serve on the copy as on the target", () => {
    expect(report.present).toEqual({ revision: "aaaaaaaaaa", replicas: 2, podsPerReplica: 2 });
    expect(report).toMatchObject({ replicas: 2, gpusPerReplica: 4, podsPerReplica: 2 });
    expect(report.plan.map(({ strategy, isPossible }) => [strategy, isPossible])).toEqual([
      ["blueGreen", true],
      ["canary", false],
      ["recreate", true],
    ]);
    expect(report.planOfCopy).toBeUndefined();
  });

  test("each strategy that is possible is played with whole groups, and replicas are counted, not pods", () => {
    expect(told.exitCode).toBe(0);
    expect(report.rollouts).toMatchObject([
      // Sixteen GPUs of eighteen are free or theirs, and both revisions need eight.
      { strategy: "blueGreen", verdict: "pass", lowWater: { servingReplicas: 2, freeGpus: 0 }, outageSeconds: 0 },
      { strategy: "recreate", verdict: "pass", lowWater: { servingReplicas: 0, freeGpus: 8 } },
    ]);
  });
});
