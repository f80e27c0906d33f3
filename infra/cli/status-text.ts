import type { RolloutDiagnosis } from "../gate/ledger/diagnosis.ts";
import { leaseStateOf, type RevisionStanding, type RolloutFacts, standingOf } from "../gate/ledger/standing.ts";
import { ago, verdictText } from "../gate/ledger/text.ts";

/** What a status is written from. */
export interface StatusParts {
  readonly facts: RolloutFacts;
  readonly diagnosis: RolloutDiagnosis;
  /** URL of the API server. */
  readonly server: string;
}

/** Letters of a line: a terminal's usual width, twice the old one. */
const width = 160;

/** The status of an app for people, on one screen. */
export function statusText({ facts, diagnosis, server }: StatusParts): string {
  const { namespace, app } = facts.ref;
  const [first, ...others] = diagnosis.findings;
  return [
    `${namespace}/${app} on ${server}`,
    "",
    row("serving", diagnosis.serves),
    row("lease", leaseText(facts)),
    ...revisionRows(facts),
    row("next up", diagnosis.nextUp),
    ...(first === undefined ? [] : [row("left", `${first.id}: ${first.what}`)]),
    ...(first === undefined
      ? []
      : [row("", `${others.length === 0 ? "" : `and ${others.length} more; `}see keye doctor rollout`)]),
  ]
    .map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line))
    .join("\n");
}

/** Who holds the Lease, and for how long. */
export function leaseText({ lease, now }: RolloutFacts): string {
  if (lease === undefined) return "none: no promotion has run yet";
  const state = leaseStateOf(lease, now);
  if (state === "free") return "free";
  const since = (moment: string | undefined) => (moment === undefined ? "never" : ago(Date.parse(moment), now));
  const told = `${lease.holder}, taken ${since(lease.acquiredAt)}, renewed ${since(lease.renewedAt)}`;
  return state === "held" ? told : `${told}: that run has died`;
}

function revisionRows(facts: RolloutFacts): readonly string[] {
  const standings = standingOf(facts);
  if (standings.length === 0) return [row("revisions", "none")];
  const cells = standings.map((standing) => cellsOf(standing, facts));
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells.map((line, index) => {
    const padded = line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
    return row(index === 0 ? "revisions" : "", padded.trimEnd());
  });
}

function cellsOf(standing: RevisionStanding, { now }: RolloutFacts): readonly string[] {
  const { revision, role, exists, ready, asked, gpus, last } = standing;
  return [
    revision,
    role,
    exists ? `${ready}/${asked} ready` : "no Deployment",
    `${gpus} ${gpus === 1 ? "GPU" : "GPUs"}${asked === 0 && gpus > 0 ? ", ending" : ""}`,
    last === undefined ? "no verdict" : shortVerdict(verdictText(last, now)),
  ];
}

/** A pass says it all by its age. */
function shortVerdict(text: string): string {
  return text.startsWith("pass") ? (text.split(":")[0] ?? text) : text;
}

function row(label: string, text: string): string {
  return `${label.padEnd(10)} ${text}`;
}
