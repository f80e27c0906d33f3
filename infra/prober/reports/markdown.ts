import { checksOf, type ProbeReportDocument, type ReportedCheck, type ReportedTarget } from "./document.ts";
import { printable } from "./markup.ts";

/**
 * The report for people in a pull request or a job summary: the verdict, one row a pod where there are several, one row a
 * check, what was expected and got.
 */
export function markdownReport(document: ProbeReportDocument): string {
  const { verdict, target, profile, counts, durationSeconds, seed, targets } = document;
  return [
    `## keye probe: ${verdict}`,
    "",
    plain(document.reason),
    "",
    `${plain(target)}, profile ${profile}, ${document.startedAt}, ${durationSeconds.toFixed(1)} s: ` +
      `${counts.pass} passed, ${counts.fail} failed, ${counts.error} without an answer, ${counts.skipped} skipped. ` +
      `Repeat it with \`--seed ${seed}\`.`,
    ...(targets.length > 1 ? ["", "| pod | verdict | why |", "| --- | --- | --- |", ...targets.map(targetRow)] : []),
    ...targets.flatMap((one) => [
      ...(targets.length > 1 ? ["", `### ${plain(one.name)}`] : []),
      ...checkTable(checksOf(document, one), targets.length > 1 ? "####" : "###"),
    ]),
    "",
  ].join("\n");
}

function targetRow({ name, verdict, reason }: ReportedTarget): string {
  return `| ${plain(name)} | ${verdict === "pass" ? verdict : `**${verdict}**`} | ${plain(reason)} |`;
}

function checkTable(checks: readonly ReportedCheck[], heading: string): string[] {
  const failed = checks.filter(({ outcome }) => outcome === "fail" || outcome === "error");
  return [
    "",
    "| check | outcome | time | what came |",
    "| --- | --- | ---: | --- |",
    ...checks.map(row),
    ...failed.flatMap((check) => details(check, heading)),
  ];
}

function row(check: ReportedCheck): string {
  const outcome = check.severity === "warning" ? `${check.outcome} (warning)` : check.outcome;
  const strong = check.outcome === "fail" || check.outcome === "error" ? `**${outcome}**` : outcome;
  return `| ${plain(check.name)} | ${strong} | ${check.durationSeconds.toFixed(1)} s | ${plain(check.reason)} |`;
}

function details(check: ReportedCheck, heading: string): string[] {
  const told = (["question", "expected", "got"] as const)
    .filter((name) => check.facts[name] !== undefined)
    .map((name) => `- ${name}: ${plain(String(check.facts[name]))}`);
  const proves = check.proves === "" ? [] : [`Not proven: ${plain(check.proves)}`, ""];
  return ["", `${heading} ${plain(check.name)}`, "", ...proves, `- outcome: ${check.outcome}`, ...told];
}

/** Text that Markdown and HTML show as it is, in one line. */
function plain(text: string): string {
  return printable(text)
    .replace(/\s+/g, " ")
    .replace(/[\\`*_{}[\]()#!|~$]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
