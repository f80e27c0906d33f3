import { describe, expect, test } from "vitest";
import type { Milliseconds } from "../../../infra/core/units.ts";
import { withLookout } from "../../../infra/gate/lookout.ts";
import type { Measurement } from "../../../infra/gate/measurement.ts";
import { PromotionRun } from "../../../infra/gate/promotion-run.ts";
import type { Answers } from "../../support/fake-prober.ts";
import { failureOf, inputs, next, Scene, stable } from "./stage.ts";

// The ports wait for an API server that is away, for two minutes at the most: the call that meets the outage takes so long.

const outageMs: Milliseconds = 110_000;
const promoted = `${next} serves; ${stable} at 0, ${next} at 2`;
const untouched = `${stable} serves; ${stable} at 2, ${next} at 0`;

/** The scene with one call that takes an outage. */
function sceneWith(call: string): Scene {
  const scene = new Scene();
  scene.cluster.intercept = (name) => (name === call ? scene.clock.sleep(outageMs) : undefined);
  return scene;
}

/**
 * A scene in which the candidate's engines, asked by one call, do not answer for 50 s, each attempt half a minute long.
 * With `isApiAway` neither does the Lease.
 */
function blindScene({ call, isApiAway }: { readonly call: RegExp; readonly isApiAway: boolean }): Scene {
  const scene = new Scene();
  const { clock, cluster, prober } = scene;
  let backAt: number | undefined;
  const answer = (answers: Answers) => {
    prober.traffic.set(next, answers);
    prober.revisions.set(next, answers);
  };
  cluster.intercept = async (name) => {
    if (call.test(name)) backAt ??= clock.now() + 50_000;
    const left = backAt === undefined ? 0 : Math.max(0, backAt - clock.now());
    if (name.startsWith("assertHeld") && isApiAway) await clock.sleep(left);
    if (!name.startsWith("probe")) return;
    answer(left > 0 ? "none" : "right");
    if (left > 0) await clock.sleep(30_000);
  };
  return scene;
}

test.each([
  { phase: "lock", call: "acquire#1" },
  { phase: "observe", call: "observe#1" },
  { phase: "preflight", call: "capacity#1" },
  { phase: "scale", call: "scale#1" },
  { phase: "ready", call: "candidate#3" },
  { phase: "recheck", call: "saveEvidence#1" },
  { phase: "switch", call: "switchTraffic#1" },
  { phase: "retire", call: "scale#2" },
  { phase: "evidence", call: "saveEvidence#2" },
])("an API server that is away for long in phase $phase fails nothing", async ({ call }) => {
  const scene = sceneWith(call);
  expect((await scene.promote()).kind).toBe("resolved");
  expect(scene.state).toBe(promoted);
});

describe("a rejected candidate", () => {
  test.each(["observe#2", "scale#2"])("is parked where %s meets the outage", async (call) => {
    const scene = sceneWith(call);
    scene.prober.revisions.set(next, "wrong");
    const error = failureOf(await scene.promote());
    expect(error.message).toMatch(/^GATE_FAILED phase=probe code=E_PROBE: /);
    expect(scene.state).toBe(untouched);
  });

  test("whose parking meets it is left within seconds by a cancel", async () => {
    const scene = sceneWith("scale#2");
    scene.prober.revisions.set(next, "wrong");
    const { intercept } = scene.cluster;
    let cancelledAt = 0;
    scene.cluster.intercept = (name, signal) => {
      if (name === "scale#2") {
        void scene.clock.sleep(10_000).then(() => {
          cancelledAt = scene.clock.now();
          scene.abort.abort(new Error("SIGINT"));
        });
      }
      return intercept(name, signal);
    };
    const error = failureOf(await scene.promote());
    expect(error.message).toMatch(/^E_ROLLBACK_FAILED phase=probe .*no answer within 3 s while undoing/);
    expect(scene.clock.now() - cancelledAt).toBeLessThanOrEqual(20_000);
  });
});

describe("engines that did not answer", () => {
  const deadlines = { ...inputs().deadlines, verifySeconds: 120 };

  test.each([
    { strategy: "blueGreen", phase: "probe", call: /^probePod#1$/ },
    { strategy: "blueGreen", phase: "traffic", call: /^probeService#1$/ },
    { strategy: "blueGreen", phase: "soak", call: /^probeService#2$/ },
    { strategy: "canary", phase: "probe", call: /^probePod#1$/ },
    { strategy: "canary", phase: "traffic, of both", call: /^probeService#1$/ },
    { strategy: "canary", phase: "soak", call: /^probeService#4$/ },
  ] as const)(
    "in $strategy's phase $phase while the API server was away are asked again",
    async ({ strategy, call }) => {
      const scene = blindScene({ call, isApiAway: true });
      expect((await scene.promote({ strategy, deadlines })).kind).toBe("resolved");
      expect(scene.state).toBe(promoted);
    },
  );

  test("through the Service while the API server was there end the promotion at once", async () => {
    const scene = blindScene({ call: /^probeService#1$/, isApiAway: false });
    const error = failureOf(await scene.promote({ deadlines }));
    expect(error.message).toMatch(/^E_POSTVERIFY phase=traffic: rolled back .*10 without an answer, 2 allowed/);
    expect(scene.state).toBe(untouched);
  });
});

describe("a report while the API server was away", () => {
  const one = (outcome: Measurement["outcome"], severity: Measurement["severity"] = "critical"): Measurement => ({
    ...{ check: "traffic", outcome, severity, reason: "", startedAt: 0, duration: 0 },
    ...{ attempts: 1, transportErrors: 0, facts: {} },
  });

  test.each([
    { name: "with an attempt that got no answer", measurements: [one("pass"), one("error")], excused: true },
    { name: "with a wrong answer beside it", measurements: [one("fail"), one("error")], excused: false },
    { name: "that is whole", measurements: [one("pass")], excused: false },
    { name: "with no answer to what only warns", measurements: [one("pass"), one("error", "warning")], excused: false },
  ])("$name: excused $excused", async ({ measurements, excused }) => {
    const scene = new Scene();
    const { clock } = scene;
    const { signal } = scene.abort;
    const run = new PromotionRun(inputs(), scene.ports(), signal);
    const never = new Promise<never>(() => undefined);
    run.lease = { lost: signal, assertHeld: () => never, release: async () => undefined };
    const since = clock.now();
    const judging = withLookout(run, signal, async (lookout) => {
      await clock.sleep(30_000);
      const report = { target: "service", startedAt: since, finishedAt: clock.now(), measurements };
      return [lookout.excuses(report, since), lookout.excuses(report, clock.now() + 1)];
    });
    await clock.advance(30_000);
    expect(await judging).toEqual([excused, false]);
  });
});

test("the old revision drains from when it is no endpoint, however late that is", async () => {
  const scene = new Scene();
  scene.cluster.intercept = (name) => (name === "observe#3" ? scene.clock.sleep(50_000) : undefined);
  expect((await scene.promote({ deadlines: { ...inputs().deadlines, soakSeconds: 0 } })).kind).toBe("resolved");
  const [retired = ""] = scene.lines.filter((line) => line.startsWith("[retire]"));
  expect(Number(/, (\d+) s after the switch/.exec(retired)?.[1])).toBeGreaterThanOrEqual(80);
});

test("an idle old revision is asked, and not called busy, where the soak outlasted the limit of its drain", async () => {
  const scene = new Scene();
  const deadlines = { ...inputs().deadlines, soakSeconds: 400, totalSeconds: 2000 };
  expect((await scene.promote({ deadlines })).kind).toBe("resolved");
  expect(scene.lines.filter((line) => line.includes("not idle"))).toEqual([]);
});
