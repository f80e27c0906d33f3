import { decide, type GatePolicy } from "../gate/decide.ts";
import type { Measurement, ProbeReport, VerdictKind } from "../gate/measurement.ts";
import type { FailOn } from "../prober/reports/document.ts";
import type { CheckChoice } from "./probe-flags.ts";

/** Checks that any server must pass; the others count where the server, the caller or the profile offers them. */
const always = ["text", "streaming"];

/** What the verdict of one run is made from, beside its report. */
export interface JudgeParts {
  readonly choice: CheckChoice;
  readonly failOn: FailOn;
}

/** The verdict of one run. It is all the evidence there will be: what would wait for more is inconclusive. */
export function judge(report: ProbeReport, parts: JudgeParts): { readonly kind: VerdictKind; readonly reason: string } {
  const measurements = parts.failOn === "warning" ? report.measurements.map(asCritical) : report.measurements;
  const { kind, reason } = decide(policyFor(measurements, parts.choice), [{ ...report, measurements }]);
  return { kind: kind === "wait" ? "inconclusive" : kind, reason };
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
