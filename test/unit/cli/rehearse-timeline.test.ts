import { expect, test } from "vitest";
import { timelineOf } from "../../../infra/cli/rehearse-copy/timeline.ts";
import type { EvidencePhase } from "../../../infra/gate/evidence.ts";
import type { PodClock } from "../../../infra/gate/phase-clock.ts";
import type { PhaseName } from "../../../infra/gate/phases.ts";

const start = Date.parse("2026-05-01T10:00:00.000Z");
const scale = { speed: 10, soakSeconds: 300, drainSeconds: 360 };
const levels = [
  { at: start, serving: 2, freeGpus: 8 },
  { at: start + 4_000, serving: 2, freeGpus: 4 },
  { at: start + 12_000, serving: 1, freeGpus: 6 },
];

function phase(name: PhaseName, from: number, seconds: number): EvidencePhase {
  return { name, startedAt: new Date(start + from * 1000).toISOString(), seconds, outcome: "pass" };
}

function clock(pod: string, load: number): PodClock {
  const spans = [
    { phase: "schedule", seconds: 1 },
    { phase: "load", seconds: load },
    { phase: "warm-up", seconds: 2 },
  ] as const;
  return { pod, spans };
}

test("each phase has the least that there was in it", () => {
  const rows = timelineOf(
    { phases: [phase("observe", 0, 2), phase("ready", 2, 5), phase("retire", 11, 3)] },
    levels,
    scale,
  );
  expect(rows.map(({ phase: name, lowWater }) => [name, lowWater.servingReplicas, lowWater.freeGpus])).toEqual([
    ["observe", 2, 8],
    ["ready", 2, 4],
    ["retire", 1, 4],
  ]);
});

test("a phase that comes several times is one row", () => {
  const phases = [phase("scale", 0, 1), phase("ready", 1, 5), phase("scale", 6, 1), phase("ready", 7, 4)];
  const rows = timelineOf({ phases }, levels, scale);
  expect(rows.map(({ phase: name, times, seconds }) => [name, times, seconds])).toEqual([
    ["scale", 2, 2],
    ["ready", 2, 9],
  ]);
});

test.each<[string, EvidencePhase[], number | undefined]>([
  ["starts that go side by side count once, at the speed of the simulation", [phase("ready", 0, 7)], 60],
  ["starts one after another count each", [phase("ready", 0, 7), phase("ready", 9, 7)], 100],
  ["a soak takes what the settings say", [phase("soak", 0, 3)], 300],
  ["draining goes on beside the soak", [phase("retire", 0, 3)], 60],
  [
    "pods that go one after another drain for as long as their requests take",
    [phase("retire", 0, 3), phase("retire", 9, 3)],
    undefined,
  ],
  ["what is a matter of requests alone takes as long anywhere", [phase("switch", 0, 0.2)], 0.2],
  ["how long probes take on GPUs is not known", [phase("probe", 0, 12)], undefined],
])("on the target %s", (_, phases, expected) => {
  const [row] = timelineOf({ phases, clocks: [clock("a", 4), clock("b", 6)] }, levels, scale);
  expect(row?.targetSeconds).toBe(expected);
});
