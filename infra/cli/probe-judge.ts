import { decide, type GatePolicy } from "../gate/decide.ts";
import type { Measurement, ProbeReport } from "../gate/measurement.ts";
import type { Check } from "../prober/check.ts";
import type { FailOn, TargetResult } from "../prober/reports/document.ts";
import type { CheckChoice } from "./probe-flags.ts";

/** Checks that any server must pass; the others count where the server, the caller or the profile offers them. */
const always = ["text", "streaming"];

/** What the verdict of one run is made from, beside its report. */
export interface JudgeParts {
  readonly choice: CheckChoice;
  readonly failOn: FailOn;
}

type Verdict = TargetResult["verdict"];

/** The verdict on one engine. It is all the evidence there will be: what would wait for more is inconclusive. */
export function judge(report: ProbeReport, parts: JudgeParts): Verdict {
  const measurements = parts.failOn === "warning" ? report.measurements.map(asCritical) : report.measurements;
  const { kind, reason } = decide(policyFor(measurements, parts.choice), [{ ...report, measurements }]);
  return { kind: kind === "wait" ? "inconclusive" : kind, reason };
}

/** A wrong answer that came in time is a wrong answer; everything else is left open. */
export function judgePart(report: ProbeReport, parts: PartOfRun): Verdict {
  const { flags, checks, endedBy } = parts;
  const soFar = judge(report, flags);
  if (soFar.kind === "fail") return soFar;
  const running = checks[report.measurements.length]?.name ?? "the last check";
  const count = `${report.measurements.length} of ${checks.length} checks were done`;
  const ended = `ended the run in ${running}; ${count}.`;
  const reason =
    endedBy === "a signal"
      ? `a signal ${ended}`
      : `the deadline of ${flags.deadlineSeconds} s ${ended} Raise --deadline, or look at the engine's log.`;
  return { kind: "inconclusive", reason };
}

/** What ended a run before its last check. */
export type EarlyEnd = "the deadline" | "a signal";

interface PartOfRun {
  readonly flags: JudgeParts & { readonly deadlineSeconds: number };
  readonly checks: readonly Check[];
  readonly endedBy: EarlyEnd;
}

/** The verdict of a run over all its engines: one unfit engine fails it, one that is in doubt leaves it open. */
export function judgeRun(
  results: readonly TargetResult[],
  { missing, unasked }: { readonly missing?: string; readonly unasked?: string },
): Verdict {
  if (missing !== undefined) return { kind: "inconclusive", reason: missing };
  const [only, ...others] = results;
  if (only !== undefined && others.length === 0 && only.report.podUid === undefined) return only.verdict;
  const rest = unasked === undefined ? "" : `; ${unasked}`;
  for (const { kind, words } of [
    { kind: "fail", words: "unfit" },
    { kind: "inconclusive", words: "in doubt" },
  ] as const) {
    const named = results.filter(({ verdict }) => verdict.kind === kind);
    if (named.length === 0) continue;
    const list = named.map(({ report, verdict }) => `${report.target}: ${verdict.reason}`).join("; ");
    return { kind, reason: `${named.length} of ${results.length} pods ${words}: ${list}${rest}` };
  }
  const all = results.length === 1 ? "the one ready pod passes" : `all ${results.length} ready pods pass`;
  return { kind: "pass", reason: `${all}${rest}` };
}

function asCritical(measurement: Measurement): Measurement {
  return { ...measurement, severity: "critical" };
}

function policyFor(measurements: readonly Measurement[], { only }: CheckChoice): GatePolicy {
  const critical = measurements.filter(({ severity }) => severity !== "warning");
  const required = critical.filter(
    ({ check, outcome }) => outcome !== "skipped" || always.includes(check) || only.includes(check),
  );
  // A run in which nothing could be asked proves nothing: it needs what it does not have.
  const wanted = required.length > 0 ? required : critical.slice(0, 1);
  const checks = wanted.length > 0 ? wanted.map(({ check }) => check) : ["any critical check"];
  return {
    required: [...new Set(checks)].map((check) => ({ check, passesInARow: 1 })),
    failLimit: 0,
    errorLimit: 0,
  };
}
