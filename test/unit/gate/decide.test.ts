import { describe, expect, test } from "vitest";
import { decide, type GatePolicy, podPolicy, trafficPolicy } from "../../../infra/gate/decide.ts";
import type { Measurement, ProbeReport } from "../../../infra/gate/measurement.ts";

type Outcome = Measurement["outcome"];

function report(...outcomes: readonly (readonly [check: string, outcome: Outcome])[]): ProbeReport {
  const measurements = outcomes.map(
    ([check, outcome]): Measurement => ({
      check,
      outcome,
      reason: `${outcome} it was.`,
      startedAt: 0,
      duration: 10,
      attempts: 1,
      transportErrors: 0,
      facts: {},
    }),
  );
  return { target: "pod", startedAt: 0, finishedAt: 10, measurements };
}

const whole = report(["health", "pass"], ["identity", "pass"], ["text", "pass"], ["streaming", "pass"]);
const silent = report(["health", "error"], ["identity", "skipped"], ["text", "skipped"], ["streaming", "skipped"]);
const wrong = report(["health", "pass"], ["identity", "pass"], ["text", "fail"], ["streaming", "pass"]);

describe("the verdict on a pod", () => {
  test.each([
    { name: "no report at all", reports: [], kind: "wait", reason: "health: 0 of 1 passes." },
    {
      name: "all checks passed",
      reports: [whole],
      kind: "pass",
      reason: "health 1 of 1, identity 1 of 1, text 1 of 1, streaming 1 of 1",
    },
    {
      name: "one wrong answer, though the next try was right",
      reports: [wrong, whole],
      kind: "fail",
      reason: "text: fail it was. (1 wrong, 0 allowed)",
    },
    {
      name: "one attempt without an answer",
      reports: [silent],
      kind: "wait",
      reason: "health: 0 of 1 passes; error it was.",
    },
    {
      name: "an attempt without an answer, then a good one",
      reports: [silent, silent, whole],
      kind: "pass",
      reason: "health 1 of 1, identity 1 of 1, text 1 of 1, streaming 1 of 1",
    },
    {
      name: "more attempts without an answer than allowed",
      reports: [silent, silent, silent],
      kind: "inconclusive",
      reason: "health: error it was. (3 without an answer, 2 allowed)",
    },
    {
      name: "a required check that was skipped for a reason of its own",
      reports: [report(["health", "pass"], ["identity", "skipped"], ["text", "pass"], ["streaming", "pass"])],
      kind: "inconclusive",
      reason: "identity: 0 of 1 passes; it was skipped: skipped it was.",
    },
  ])("with $name is $kind", ({ reports, kind, reason }) => {
    const verdict = decide(podPolicy, reports);
    expect({ kind: verdict.kind, reason: verdict.reason }).toEqual({ kind, reason });
  });
});

describe("passes in a row", () => {
  const policy: GatePolicy = { required: [{ check: "text", passesInARow: 3 }], failLimit: 1, errorLimit: 1 };
  test.each([
    { outcomes: ["pass", "pass", "pass"], kind: "pass" },
    { outcomes: ["pass", "pass"], kind: "wait" },
    { outcomes: ["pass", "pass", "fail"], kind: "wait" },
    { outcomes: ["pass", "pass", "fail", "pass"], kind: "wait" },
    { outcomes: ["fail", "pass", "pass", "pass"], kind: "pass" },
    { outcomes: ["pass", "error", "pass", "pass"], kind: "wait" },
    { outcomes: ["fail", "pass", "pass", "fail"], kind: "fail" },
    { outcomes: ["error", "pass", "error"], kind: "inconclusive" },
    // Separate limits: one of each is within both.
    { outcomes: ["fail", "error", "pass", "pass", "pass"], kind: "pass" },
  ] as const)("of $outcomes are judged $kind", ({ outcomes, kind }) => {
    expect(decide(policy, [report(...outcomes.map((outcome) => ["text", outcome] as const))]).kind).toBe(kind);
  });
});

test("traffic needs every request of a round answered rightly", () => {
  const right = Array.from({ length: 4 }, () => ["traffic", "pass"] as const);
  expect(decide(trafficPolicy(5), [report(...right)]).kind).toBe("wait");
  expect(decide(trafficPolicy(5), [report(...right, ["traffic", "pass"])]).kind).toBe("pass");
  expect(decide(trafficPolicy(5), [report(...right, ["traffic", "fail"])]).kind).toBe("fail");
});

test("the same evidence gives the same verdict", () => {
  expect(decide(podPolicy, [wrong])).toEqual(decide(podPolicy, [wrong]));
});

describe("checks beside the required ones", () => {
  const beside = (outcome: Outcome, severity: "critical" | "warning") => {
    const extra = report(["image", outcome]).measurements.map((measurement) => ({ ...measurement, severity }));
    return { ...whole, measurements: [...whole.measurements, ...extra] };
  };

  test.each([
    { name: "a wrong answer decides", reports: [beside("fail", "critical")], kind: "fail" },
    { name: "a missing answer is waited for", reports: [beside("error", "critical")], kind: "wait" },
    {
      name: "a missing answer that came later passes",
      reports: [beside("error", "critical"), beside("pass", "critical")],
      kind: "pass",
    },
    { name: "a skipped one decides nothing", reports: [beside("skipped", "critical")], kind: "pass" },
    {
      name: "a warning decides nothing",
      reports: [beside("fail", "warning"), beside("error", "warning")],
      kind: "pass",
    },
  ])("$name", ({ reports, kind }) => {
    expect(decide(podPolicy, reports).kind).toBe(kind);
  });
});
