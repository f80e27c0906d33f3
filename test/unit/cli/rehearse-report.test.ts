import { describe, expect, test } from "vitest";
import { type RehearsalReport, rolloutOf } from "../../../infra/cli/rehearse-copy/report.ts";
import { headlineOf, type Played } from "../../../infra/cli/rehearse-copy/rollout.ts";
import { rehearsalText } from "../../../infra/cli/rehearse-copy/text.ts";
import type { EvidenceDocument } from "../../../infra/gate/evidence.ts";

const start = Date.parse("2026-05-01T10:00:00.000Z");
const scale = { speed: 10, soakSeconds: 300, drainSeconds: 60 };

function evidence(verdict: EvidenceDocument["verdict"]): EvidenceDocument {
  const phases = [
    { name: "empty", startedAt: new Date(start).toISOString(), seconds: 5, outcome: "pass" },
    { name: "soak", startedAt: new Date(start + 20_000).toISOString(), seconds: 3, outcome: "pass" },
  ];
  // The parts that a report is made from.
  return { verdict, phases } as unknown as EvidenceDocument;
}

function played(parts: Partial<Played>): Played {
  const levels = [
    { at: start, serving: 2, freeGpus: 4 },
    { at: start + 2_000, serving: 0, freeGpus: 8 },
    { at: start + 20_000, serving: 2, freeGpus: 4 },
  ];
  return { exitCode: 0, output: "", seconds: 30, evidence: evidence("pass"), levels, preparedIn: 9, ...parts };
}

const capacity = "error: E_CAPACITY: keye/keye-1: needs 2 replicas; there is room for 1. Free GPUs.\n  12 unchanged";

describe("what came of a rollout", () => {
  test.each<[string, Partial<Played>, object]>([
    ["one that passed", {}, { verdict: "pass", targetSeconds: 300, outageSeconds: 18 }],
    [
      "one that was refused before it began",
      { exitCode: 1, evidence: undefined, output: capacity },
      { verdict: "refused", timeline: [] },
    ],
    ["one that failed", { exitCode: 1, evidence: evidence("fail") }, { verdict: "fail" }],
    ["one without enough evidence", { exitCode: 1, evidence: evidence("inconclusive") }, { verdict: "inconclusive" }],
    ["one whose update failed after the pass", { exitCode: 1 }, { verdict: "fail" }],
  ])("%s", (_, parts, expected) => {
    expect(rolloutOf("recreate", played(parts), scale)).toMatchObject(expected);
  });

  test("where nobody served before, the time until somebody does is no outage", () => {
    const levels = [
      { at: start, serving: 0, freeGpus: 8 },
      { at: start + 9_000, serving: 2, freeGpus: 4 },
    ];
    expect(rolloutOf("blueGreen", played({ levels }), scale).outageSeconds).toBe(0);
  });
});

test.each([
  ["an error of ours", capacity, "E_CAPACITY: keye/keye-1: needs 2 replicas; there is room for 1. Free GPUs"],
  ["another error", "Diagnostics:\n  error: could not load plugin.\nDuration: 2s", "error: could not load plugin"],
  ["no error that is known", "Duration: 2s\n", "Duration: 2s"],
])("the headline of an update that ended with %s", (_, output, expected) => {
  expect(headlineOf(output)).toBe(expected);
});

const report: RehearsalReport = {
  apiVersion: "keye-stack.dev/v1",
  kind: "RehearsalReport",
  stackFile: "Pulumi.prod.yaml",
  context: "prod",
  server: "https://10.0.0.1:6443",
  serverVersion: "v1.33.1",
  copied: { nodes: 3, nodesForEngines: 2, nodesWithoutNewPods: 1, gpus: 16, othersPods: 41, hasLimits: true },
  present: { revision: "aaaaaaaaaa", replicas: 2, podsPerReplica: 1 },
  replicas: 2,
  gpusPerReplica: 2,
  podsPerReplica: 1,
  speed: 10,
  plan: [
    { strategy: "blueGreen", isPossible: false, reason: "room for 1 of 2 beside the 2 that serve" },
    { strategy: "recreate", isPossible: true, reason: "room for 2 of 2 once the 2 of the old revision are gone" },
  ],
  rollouts: [rolloutOf("recreate", played({}), scale)],
  assumed: ["Engines are played."],
};

test("the report for people", () => {
  expect(rehearsalText(report)).toMatchInlineSnapshot(`
    "Pulumi.prod.yaml on a copy of https://10.0.0.1:6443 (context prod), Kubernetes v1.33.1
    Copied: 3 nodes, 2 for engines with 16 GPUs, and the room that 41 pods of others take; 1 node takes no new pods.
    Revision aaaaaaaaaa serves there: 2 replicas.
    The settings want 2 replicas of 2 GPUs each.

    blueGreen: not possible, room for 1 of 2 beside the 2 that serve; not rehearsed.
    recreate: possible, room for 2 of 2 once the 2 of the old revision are gone.

    == recreate: pass in 30.0 s at speed 10; on the target about 5 min beside what is not known
       phase  rehearsed  on the target  serving  free GPUs
       empty      5.0 s              ?        0          4
       soak       3.0 s          5 min        2          4
       low-water mark: 0 of 2 replicas served at the least, 4 of 16 GPUs were free at the least. Nobody served for 18.0 s of the rehearsal.

    Assumed:
      - Engines are played."
  `);
});

test("replicas that are groups are told as such", () => {
  const present = { revision: "aaaaaaaaaa", replicas: 2, podsPerReplica: 2 };
  const text = rehearsalText({ ...report, present, gpusPerReplica: 4, podsPerReplica: 2 });
  expect(text).toContain("Revision aaaaaaaaaa serves there: 2 replicas, in groups of 2 pods.");
  expect(text).toContain("The settings want 2 replicas of 4 GPUs each, in groups of 2 pods.");
});

test("where the planner does not say the same of the copy, that is told before any result", () => {
  const planOfCopy = [{ strategy: "blueGreen" as const, isPossible: true, reason: "room for 2 of 2" }];
  expect(rehearsalText({ ...report, planOfCopy })).toContain(
    "On the copy the planner says otherwise, so do not rely on what follows:\n  blueGreen: possible, room for 2 of 2.",
  );
});
