import type { VerdictKind } from "../../gate/measurement.ts";
import { checksOf, type ProbeReportDocument, type ReportedCheck, type ReportedTarget } from "./document.ts";

const verdicts: readonly VerdictKind[] = ["pass", "fail", "inconclusive"];
const outcomes: readonly ReportedCheck["outcome"][] = ["pass", "fail", "error", "skipped"];

/** A check that streams one answer has a sample of one: every quantile of it is the same. */
const firstTokenFacts = [
  { fact: "ttftMs", quantile: "0.5" },
  { fact: "ttftMsP50", quantile: "0.5" },
  { fact: "ttftMsP95", quantile: "0.95" },
] as const;
const interTokenFacts = [
  { fact: "interTokenMsP50", quantile: "0.5" },
  { fact: "interTokenMsP95", quantile: "0.95" },
] as const;

type Labels = Readonly<Record<string, string>>;

/** A check with the labels that tell its series apart. */
interface LabelledCheck {
  readonly check: ReportedCheck;
  readonly labels: Labels;
}

/**
 * The report as a file for node_exporter's textfile collector. Labels are bounded: profile, verdict, check, outcome, and the
 * pod where the run asked pods; no URL, question or answer becomes one.
 */
export function prometheusReport(document: ProbeReportDocument): string {
  const { profile } = document;
  const checks = document.targets.flatMap((target) => labelled(document, target));
  const perCheck = (value: (check: ReportedCheck) => number) =>
    checks.map(({ check, labels }) => sample(labels, value(check)));
  const quantiles = (facts: typeof firstTokenFacts | typeof interTokenFacts) =>
    checks.flatMap(({ check, labels }) =>
      facts.flatMap(({ fact, quantile }) => {
        const value = check.facts[fact];
        return typeof value === "number" ? [sample({ ...labels, quantile }, value / 1000)] : [];
      }),
    );
  const finishedAt = Date.parse(document.startedAt) / 1000 + document.durationSeconds;
  const pods = document.targets.filter(({ podUid }) => podUid !== undefined);
  return [
    metric("keye_probe_verdict", "The verdict of the last run: 1 for the one that it was.", [
      ...verdicts.map((verdict) => sample({ profile, verdict }, Number(verdict === document.verdict))),
    ]),
    metric("keye_probe_pod_verdict", "The verdict on each pod of the last run: 1 for the one that it was.", [
      ...pods.flatMap(({ name: pod, ...target }) =>
        verdicts.map((verdict) => sample({ profile, pod, verdict }, Number(verdict === target.verdict))),
      ),
    ]),
    metric("keye_probe_duration_seconds", "How long the last run took.", [
      sample({ profile }, document.durationSeconds),
    ]),
    metric("keye_probe_finished_timestamp_seconds", "When the last run ended, since the epoch.", [
      sample({ profile }, finishedAt),
    ]),
    metric("keye_probe_check_outcome", "What came of each check: 1 for the outcome that it was.", [
      ...checks.flatMap(({ check, labels }) =>
        outcomes.map((outcome) => sample({ ...labels, outcome }, Number(outcome === check.outcome))),
      ),
    ]),
    metric(
      "keye_probe_check_duration_seconds",
      "How long each check took.",
      perCheck((check) => check.durationSeconds),
    ),
    metric(
      "keye_probe_check_attempts",
      "Requests that each check sent.",
      perCheck((check) => check.attempts),
    ),
    metric(
      "keye_probe_check_transport_errors",
      "Requests of each check that never reached the engine and were sent again.",
      perCheck((check) => check.transportErrors),
    ),
    metric(
      "keye_probe_first_token_seconds",
      "Time to the first token, by quantile of the check's sample.",
      quantiles(firstTokenFacts),
    ),
    metric(
      "keye_probe_inter_token_seconds",
      "Mean pause between the tokens of one answer, by quantile of the check's sample.",
      quantiles(interTokenFacts),
    ),
  ].join("");
}

function labelled(document: ProbeReportDocument, target: ReportedTarget): readonly LabelledCheck[] {
  const { profile } = document;
  const pod: Labels = target.podUid === undefined ? {} : { pod: target.name };
  // A name that was measured twice would be a duplicate series: the collector refuses the whole file. The last one counts.
  const checks = new Map(checksOf(document, target).map((check) => [check.name, check]));
  return [...checks.values()].map((check) => ({ check, labels: { profile, ...pod, check: check.name } }));
}

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

function sample(labels: Labels, value: number): Sample {
  return { labels, value };
}

/** One gauge with its samples; empty without any. */
function metric(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
    return `${name}{${pairs.join(",")}} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join("")}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
