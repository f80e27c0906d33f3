import type { ProbeSpec } from "../../core/probe-spec.ts";
import type { Measurement, ProbeReport, VerdictKind } from "../../gate/measurement.ts";
import type { Check } from "../check.ts";

/** What a failed check of severity `warning` does to the verdict: nothing, or the same as a critical one. */
export type FailOn = "critical" | "warning";

/** One check of a {@link ProbeReportDocument}. */
export interface ReportedCheck {
  readonly name: string;
  /** What a pass proves; empty where the check does not say. */
  readonly proves: string;
  readonly severity: "critical" | "warning";
  readonly outcome: Measurement["outcome"];
  /** One sentence with what was wanted and what came. */
  readonly reason: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly attempts: number;
  readonly transportErrors: number;
  readonly facts: Measurement["facts"];
}

/** A probe report as it is written to files and stdout: every other report is made from it. */
export interface ProbeReportDocument {
  readonly apiVersion: "keye-stack.dev/v1";
  readonly kind: "ProbeReport";
  readonly target: string;
  readonly profile: ProbeSpec["profile"];
  readonly failOn: FailOn;
  /** Repeats the run's questions and pictures: `keye probe --seed`. */
  readonly seed: number;
  readonly expectation: ProbeSpec["expectation"];
  /** RFC 3339. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly verdict: VerdictKind;
  readonly reason: string;
  readonly counts: Readonly<Record<Measurement["outcome"], number>>;
  /** In the order in which they ran. */
  readonly checks: readonly ReportedCheck[];
}

/** What a document holds beside the measurements. */
export interface DocumentParts {
  readonly spec: ProbeSpec;
  readonly verdict: { readonly kind: VerdictKind; readonly reason: string };
  readonly seed: number;
  readonly failOn: FailOn;
  /** The checks that were run, for what each one proves. */
  readonly checks: readonly Pick<Check, "name" | "proves">[];
}

/** Puts a report and its verdict into the published form. */
export function reportDocument(report: ProbeReport, parts: DocumentParts): ProbeReportDocument {
  const proves = new Map(parts.checks.map((check) => [check.name, check.proves]));
  const count = (outcome: Measurement["outcome"]) =>
    report.measurements.filter((measurement) => measurement.outcome === outcome).length;
  return {
    apiVersion: "keye-stack.dev/v1",
    kind: "ProbeReport",
    target: report.target,
    profile: parts.spec.profile,
    failOn: parts.failOn,
    seed: parts.seed,
    expectation: parts.spec.expectation,
    startedAt: new Date(report.startedAt).toISOString(),
    durationSeconds: Math.round(report.finishedAt - report.startedAt) / 1000,
    verdict: parts.verdict.kind,
    reason: parts.verdict.reason,
    counts: { pass: count("pass"), fail: count("fail"), error: count("error"), skipped: count("skipped") },
    checks: report.measurements.map((measurement) => ({
      name: measurement.check,
      proves: proves.get(measurement.check) ?? "",
      severity: measurement.severity ?? "critical",
      outcome: measurement.outcome,
      reason: measurement.reason,
      startedAt: new Date(measurement.startedAt).toISOString(),
      durationSeconds: measurement.duration / 1000,
      attempts: measurement.attempts,
      transportErrors: measurement.transportErrors,
      facts: measurement.facts,
    })),
  };
}

/** Whether a check has a say in the verdict. */
export function isDecisive(check: ReportedCheck, { failOn }: ProbeReportDocument): boolean {
  return check.severity === "critical" || failOn === "warning";
}
