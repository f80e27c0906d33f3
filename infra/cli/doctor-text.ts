import { notLookedAt } from "../spec/doctor/examine.ts";
import { type Finding, findingIds, type Severity, severities } from "../spec/doctor/finding.ts";
import { countsOf } from "../spec/doctor/report.ts";

const titles: Readonly<Record<Severity, string>> = { error: "Errors", warning: "Warnings", note: "Notes" };

/** The findings for people: the worst first, what is the same in several places once, and counts at the end. */
export function doctorText(findings: readonly Finding[]): string {
  const sections = severities.flatMap((severity) => {
    const group = merged(findings.filter((one) => one.severity === severity));
    return group.length === 0 ? [] : [[titles[severity], ...group.map(entry)].join("\n")];
  });
  return [...sections, closing(findings)].join("\n\n");
}

interface Entry {
  readonly finding: Finding;
  readonly places: readonly string[];
}

/** Findings that differ in their place alone become one. */
function merged(findings: readonly Finding[]): readonly Entry[] {
  const alike = Map.groupBy(findings, ({ id, what, cure }) => JSON.stringify([id, what, cure]));
  return [...alike.values()].flatMap((same) => {
    const [finding] = same;
    return finding === undefined ? [] : [{ finding, places: same.map(({ where }) => where) }];
  });
}

const shownPlaces = 5;

function entry({ finding: { id, what, cure }, places }: Entry): string {
  const rest = places.length - shownPlaces;
  const list = `${places.slice(0, shownPlaces).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  return [`  ${id} (${findingIds[id]}): ${list}`, `    ${what}`, `    ${cure}`].join("\n");
}

function closing(findings: readonly Finding[]): string {
  const counts = countsOf(findings);
  const parts = severities.map((severity) => `${counts[severity]} ${severity}${counts[severity] === 1 ? "" : "s"}`);
  return `${parts.join(", ")}. Not looked at: ${notLookedAt.join("; ")}.`;
}
