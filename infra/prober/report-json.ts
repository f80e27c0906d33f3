import type { ProbeSpec } from "../core/probe-spec.ts";
import type { Measurement, ProbeReport, VerdictKind } from "../gate/measurement.ts";

/** A probe report as it is written to files and stdout: the source of truth of every other report. */
export interface ProbeReportDocument {
  readonly apiVersion: "keye-stack.dev/v1";
  readonly kind: "ProbeReport";
  readonly target: string;
  readonly profile: ProbeSpec["profile"];
  readonly expectation: ProbeSpec["expectation"];
  /** RFC 3339. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly verdict: VerdictKind;
  readonly reason: string;
  readonly checks: readonly {
    readonly name: string;
    readonly outcome: Measurement["outcome"];
    readonly reason: string;
    readonly durationSeconds: number;
    readonly attempts: number;
    readonly transportErrors: number;
    readonly facts: Measurement["facts"];
  }[];
}

/** Puts a report and its verdict into the published form. */
export function reportDocument(
  report: ProbeReport,
  spec: ProbeSpec,
  verdict: { readonly kind: VerdictKind; readonly reason: string },
): ProbeReportDocument {
  return {
    apiVersion: "keye-stack.dev/v1",
    kind: "ProbeReport",
    target: report.target,
    profile: spec.profile,
    expectation: spec.expectation,
    startedAt: new Date(report.startedAt).toISOString(),
    durationSeconds: Math.round(report.finishedAt - report.startedAt) / 1000,
    verdict: verdict.kind,
    reason: verdict.reason,
    checks: report.measurements.map((measurement) => ({
      name: measurement.check,
      outcome: measurement.outcome,
      reason: measurement.reason,
      durationSeconds: measurement.duration / 1000,
      attempts: measurement.attempts,
      transportErrors: measurement.transportErrors,
      facts: measurement.facts,
    })),
  };
}
