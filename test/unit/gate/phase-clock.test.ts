import { describe, expect, test } from "vitest";
import type { PhaseBudgets } from "../../../infra/core/phase-budgets.ts";
import { PhaseClock, spansText } from "../../../infra/gate/phase-clock.ts";
import { clockPhaseOf } from "../../../infra/status/clock-phase.ts";
import type { PodStatus } from "../../../infra/status/pod-status.ts";
import { next, Scene } from "./stage.ts";

const budgets: PhaseBudgets = {
  schedule: 90,
  pull: 60,
  hydrate: 0,
  load: 100,
  jit: 1500,
  graphs: 300,
  "warm-up": 600,
  probe: 600,
};

function status(phase: PodStatus["phase"], stage?: NonNullable<PodStatus["progress"]>["phase"]): PodStatus {
  const progress = stage === undefined ? {} : { progress: { phase: stage } };
  return { pod: "keye-1", uid: "1", phase, detail: stage ?? phase, restarts: 0, ...progress };
}

describe("the phase of a pod", () => {
  test.each([
    [status("pending"), "schedule"],
    [status("scheduling"), "schedule"],
    [status("pulling"), "pull"],
    [status("creating"), "pull"],
    [status("starting"), "load"],
    [status("starting", "dist-init"), "load"],
    [status("starting", "memory-pool"), "graphs"],
    [status("starting", "http-up"), "warm-up"],
    [status("starting", "ready"), "warm-up"],
    [{ ...status("starting"), progress: { phase: "graphs", isCompiling: true } } as const, "jit"],
    [status("ready"), undefined],
    [status("failed"), undefined],
  ])("of %o is %s", (pod, phase) => {
    expect(clockPhaseOf(pod)).toBe(phase);
  });
});

describe("the clock", () => {
  test("adds up what each phase took, in order, with its budget", () => {
    const clock = new PhaseClock(budgets);
    clock.note(status("pending"), "", 0);
    clock.note(status("pulling"), "", 2_000);
    clock.note(status("starting", "load"), "", 6_000);
    clock.note(status("starting", "graphs"), "", 47_000);
    clock.note(status("ready"), "", 60_000);
    clock.probed("keye-1", 7);
    const [pod] = clock.clocks;
    expect(spansText(pod?.spans ?? [])).toBe("schedule 2 s, pull 4 s, load 41 s, graphs 13 s, probe 7 s");
    expect(pod?.spans[2]).toEqual({ phase: "load", seconds: 41, budgetSeconds: 100 });
  });

  test("says once that a phase has outlived its budget", () => {
    const clock = new PhaseClock(budgets);
    const notes = [0, 100_000, 101_000, 102_000].flatMap((now) =>
      clock.note(status("starting", "load"), `line ${now}`, now),
    );
    expect(notes).toEqual(["keye-1: load takes longer than its budget of 100 s"]);
  });

  test("says once that a log has fallen silent, and again after it has spoken", () => {
    const clock = new PhaseClock(undefined);
    const look = (line: string, now: number) => clock.note(status("starting", "graphs"), line, now);
    expect([look("a", 0), look("a", 299_000), look("a", 300_000), look("a", 400_000)].flat()).toEqual([
      "keye-1: its log has said nothing new for 300 s: graphs",
    ]);
    expect([look("b", 500_000), look("b", 800_000)].flat()).toHaveLength(1);
  });

  test("takes the silence of a pod that waits for a node for what it is", () => {
    const clock = new PhaseClock(undefined);
    expect([0, 1_000_000].flatMap((now) => clock.note(status("scheduling"), "", now))).toEqual([]);
  });

  test("shows in evidence and metrics what a promotion took", async () => {
    const scene = new Scene();
    const files = new Map<string, string>();
    scene.evidenceFile = async (name, text) => void files.set(name, text);
    await scene.promote({ budgets });
    expect(scene.evidence()?.clocks?.[0]?.spans.map(({ phase }) => phase)).toEqual(["pull", "load", "probe"]);
    const metrics = files.get(`rollgate-keye-${next}-0123456789.prom`) ?? "";
    expect(metrics).toContain(
      'keye_rollout_phase_seconds{namespace="keye",app="keye",revision="bbbbbbbbbb",pod="keye-bbbbbbbbbb-3",phase="load"} 25',
    );
    expect(metrics).toContain("\nkeye_rollout_pass{namespace=".slice(1));
  });
});
