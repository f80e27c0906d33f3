import type { ProbeSpec } from "../../core/probe-spec.ts";
import type { EpochMs } from "../../core/units.ts";
import type { Measurement, ProbeReport, VerdictKind } from "../../gate/measurement.ts";
import type { Check } from "../check.ts";

/** What a failed check of severity `warning` does to the verdict: nothing, or the same as a critical one. */
export type FailOn = "critical" | "warning";

/** One check of one target of a {@link ProbeReportDocument}. */
export interface ReportedCheck {
  /** Name of the {@link ReportedTarget} that was asked. */
  readonly target: string;
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

/** One engine that a run asked. */
export interface ReportedTarget {
  /** The base URL, or the pod's name. */
  readonly name: string;
  /** Absent where the target is no pod. */
  readonly podUid?: string;
  readonly verdict: VerdictKind;
  readonly reason: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly counts: OutcomeCounts;
}

/** How many checks came to which outcome. */
export type OutcomeCounts = Readonly<Record<Measurement["outcome"], number>>;

/** A probe report as it is written to files and stdout: every other report is made from it. */
export interface ProbeReportDocument {
  readonly apiVersion: "keye-stack.dev/v1";
  readonly kind: "ProbeReport";
  /** What the run was pointed at: a base URL, or a Service as `namespace/name`. */
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
  readonly counts: OutcomeCounts;
  /** Every engine that was asked: one, or each pod of the Service. */
  readonly targets: readonly ReportedTarget[];
  /** Target by target, each in the order in which they ran. */
  readonly checks: readonly ReportedCheck[];
}

/** The report of one engine, and what came of it. */
export interface TargetResult {
  readonly report: ProbeReport;
  readonly verdict: { readonly kind: VerdictKind; readonly reason: string };
}

/** A run over any number of engines. */
export interface ProbeRun {
  /** What it was pointed at. */
  readonly target: string;
  readonly startedAt: EpochMs;
  readonly finishedAt: EpochMs;
  readonly results: readonly TargetResult[];
}

/** What a document holds beside the measurements. */
export interface DocumentParts {
  readonly spec: ProbeSpec;
  /** Of the whole run. */
  readonly verdict: TargetResult["verdict"];
  readonly seed: number;
  readonly failOn: FailOn;
  /** The checks that were run, for what each one proves. */
  readonly checks: readonly Pick<Check, "name" | "proves">[];
}

/** Puts a run and its verdict into the published form. */
export function reportDocument(run: ProbeRun, parts: DocumentParts): ProbeReportDocument {
  const proves = new Map(parts.checks.map((check) => [check.name, check.proves]));
  return {
    apiVersion: "keye-stack.dev/v1",
    kind: "ProbeReport",
    target: run.target,
    profile: parts.spec.profile,
    failOn: parts.failOn,
    seed: parts.seed,
    expectation: parts.spec.expectation,
    ...timesOf(run),
    verdict: parts.verdict.kind,
    reason: parts.verdict.reason,
    counts: countsOf(run.results.flatMap(({ report }) => report.measurements)),
    targets: run.results.map(reportedTarget),
    checks: run.results.flatMap(({ report }) =>
      report.measurements.map((measurement) => ({
        target: report.target,
        ...reportedCheck(measurement, proves.get(measurement.check) ?? ""),
      })),
    ),
  };
}

/** Whether a check has a say in the verdict. */
export function isDecisive(check: ReportedCheck, { failOn }: ProbeReportDocument): boolean {
  return check.severity === "critical" || failOn === "warning";
}

/** The checks of one target. */
export function checksOf(document: ProbeReportDocument, target: ReportedTarget): readonly ReportedCheck[] {
  return document.checks.filter((check) => check.target === target.name);
}

function reportedTarget({ report, verdict }: TargetResult): ReportedTarget {
  return {
    name: report.target,
    ...(report.podUid === undefined ? {} : { podUid: report.podUid }),
    verdict: verdict.kind,
    reason: verdict.reason,
    ...timesOf(report),
    counts: countsOf(report.measurements),
  };
}

function reportedCheck(measurement: Measurement, proves: string): Omit<ReportedCheck, "target"> {
  return {
    name: measurement.check,
    proves,
    severity: measurement.severity ?? "critical",
    outcome: measurement.outcome,
    reason: measurement.reason,
    startedAt: new Date(measurement.startedAt).toISOString(),
    durationSeconds: measurement.duration / 1000,
    attempts: measurement.attempts,
    transportErrors: measurement.transportErrors,
    facts: measurement.facts,
  };
}

function timesOf({ startedAt, finishedAt }: { readonly startedAt: EpochMs; readonly finishedAt: EpochMs }) {
  return { startedAt: new Date(startedAt).toISOString(), durationSeconds: Math.round(finishedAt - startedAt) / 1000 };
}

function countsOf(measurements: readonly Measurement[]): OutcomeCounts {
  const count = (outcome: Measurement["outcome"]) => measurements.filter((one) => one.outcome === outcome).length;
  return { pass: count("pass"), fail: count("fail"), error: count("error"), skipped: count("skipped") };
}
