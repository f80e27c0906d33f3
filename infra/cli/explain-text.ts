import type { Seconds } from "../core/units.ts";
import type { EvidenceDocument, EvidenceFault } from "../gate/evidence.ts";
import type { LedgerEntry } from "../gate/ledger/ledger.ts";
import type { RevisionStanding } from "../gate/ledger/standing.ts";
import { ago } from "../gate/ledger/text.ts";
import type { Measurement } from "../gate/measurement.ts";
import { spansText } from "../gate/phase-clock.ts";
import type { AppRef } from "../gate/ports.ts";
import type { ProvenPod } from "../gate/proof.ts";

/** What a revision is explained from. */
export interface Explained {
  readonly ref: AppRef;
  readonly revision: string;
  /** Undefined where nothing of the revision is there but its records. */
  readonly standing: RevisionStanding | undefined;
  /** Last finished first; at least one. */
  readonly records: readonly LedgerEntry[];
  readonly now: number;
}

const labelWidth = 9;

/** Every verdict on a revision for people, the last one first. */
export function explainText({ ref, revision, standing, records, now }: Explained): string {
  const where = standing === undefined ? "its objects are gone" : standingText(standing);
  const head = `Revision ${revision} of ${ref.namespace}/${ref.app}: ${where}`;
  return [head, ...records.map((record) => recordText(record, ref, now))].join("\n\n");
}

function standingText({ role, ready, asked, exists }: RevisionStanding): string {
  return exists ? `${role}, ${ready} of ${asked} pods ready` : `${role}, without a Deployment`;
}

function recordText({ name, evidence }: LedgerEntry, { namespace }: AppRef, now: number): string {
  const { verdict, isUnfinished, code, reason, finishedAt } = evidence;
  const kind = isUnfinished ? "unfinished" : [verdict, code].filter((part) => part !== undefined).join(" ");
  return [
    `${kind}, ${ago(Date.parse(finishedAt), now)}: ${reason}`,
    ...row("asked", askedText(evidence)),
    ...row("ran", `${evidence.startedAt}, ${evidence.durationSeconds} s, by ${evidence.holder}`),
    ...row("phases", phasesText(evidence)),
    ...row("passed", passedText(evidence, now)),
    ...row("brought", broughtText(evidence)),
    ...evidence.pods.flatMap((pod) => podLines(pod, evidence)),
    ...evidence.faults.flatMap(faultLines),
    ...evidence.notes.flatMap((note) => row("note", note)),
    ...row("left out", evidence.leftOut ?? ""),
    ...row("record", `ConfigMap ${namespace}/${name}`),
  ].join("\n");
}

function askedText({ replicas, strategy, probeHash, previousRevision, baseline }: EvidenceDocument): string {
  const before = previousRevision === null ? "where nothing served" : `in place of ${previousRevision}`;
  const compared = baseline === undefined ? "" : `, answers compared with ${baseline.revision ?? "a baseline"}`;
  return `${replicas} ${replicas === 1 ? "replica" : "replicas"} by ${strategy} ${before}; probes ${probeHash}${compared}`;
}

/** Phases that took time, and the one that ended it all. */
function phasesText({ phases }: EvidenceDocument): string {
  return phases
    .filter(({ seconds, outcome }) => seconds >= 0.1 || outcome !== "pass")
    .map(({ name, seconds, outcome }) => `${name} ${secondsText(seconds)}${outcome === "pass" ? "" : ` (${outcome})`}`)
    .join(", ");
}

function passedText({ verdict, passedAt }: EvidenceDocument, now: number): string {
  return verdict === "pass" || passedAt === undefined ? "" : `these probes ${ago(Date.parse(passedAt), now)}`;
}

function broughtText({ supplied = [] }: EvidenceDocument): string {
  return supplied
    .map(({ kind, node, seconds }) => {
      const what = kind === "hydrate" ? "weights" : "image";
      return `${what}${node === undefined ? "" : ` on ${node}`} ${secondsText(seconds)}`;
    })
    .join(", ");
}

function podLines(pod: ProvenPod, { clocks = [] }: EvidenceDocument): readonly string[] {
  const spans = clocks.find((clock) => clock.pod === pod.name)?.spans ?? [];
  const place = pod.node === null ? "" : ` on ${pod.node}`;
  const measurements = pod.reports.flatMap((report) => report.measurements);
  const answered = measurements.filter(({ outcome }) => outcome !== "skipped");
  const skipped = Map.groupBy(
    measurements.filter(({ outcome }) => outcome === "skipped"),
    ({ reason }) => reason,
  );
  return [
    ...row("pod", `${pod.name}${place}: ${pod.verdict}: ${pod.reason}`),
    ...(spans.length === 0 ? [] : row("", `  start took ${spansText(spans)}`)),
    ...answered.flatMap((measurement) => row("", `  ${measurementText(measurement)}`)),
    ...[...skipped].flatMap(([reason, same]) =>
      row("", `  skipped ${same.map(({ check }) => check).join(", ")}: ${reason}`),
    ),
  ];
}

/** One answer, with what was wanted and what came where the check has kept both and its reason does not say it. */
function measurementText({ check, outcome, duration, reason, facts, severity }: Measurement): string {
  const weight = severity === "warning" ? " (warning)" : "";
  const { expected, got } = facts;
  const isSaid = outcome === "pass" || expected === undefined || got === undefined || reason.includes(String(got));
  const compared = isSaid ? "" : ` [wanted ${expected}, got ${got}]`;
  return `${outcome.padEnd(7)} ${check.padEnd(14)} ${secondsText(duration / 1000).padStart(6)}  ${reason}${weight}${compared}`;
}

function faultLines({ code, where, reason, cure, logTail }: EvidenceFault): readonly string[] {
  return [
    ...row("fault", `${code}: ${where}: ${reason}`),
    ...row("cure", cure ?? `docs/errors.md has that of ${code}`),
    ...logTail.flatMap((line, index) => row(index === 0 ? "log" : "", `| ${line}`)),
  ];
}

function secondsText(seconds: Seconds): string {
  return `${seconds < 100 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

function row(label: string, text: string): readonly string[] {
  return text === "" ? [] : [`  ${label.padEnd(labelWidth)} ${text}`];
}
