import { isDecisive, type ProbeReportDocument, type ReportedCheck } from "./document.ts";
import { type Markup, markup } from "./markup.ts";

/**
 * The report as JUnit XML, one test case a check: a wrong answer is a `failure`, no answer an `error`. A warning that does
 * not decide is told in `system-out`. Where the verdict is no pass though no check says so, the verdict is a case of its
 * own: what is not promoted is never green.
 */
export function junitReport(document: ProbeReportDocument): string {
  const decisive = document.checks.filter((check) => isDecisive(check, document));
  const failures = decisive.filter(({ outcome }) => outcome === "fail").length;
  const errors = decisive.filter(({ outcome }) => outcome === "error").length;
  const isSilent = document.verdict !== "pass" && failures + errors === 0;
  const totals = markup`tests="${document.checks.length + (isSilent ? 1 : 0)}" failures="${failures}" errors="${
    errors + (isSilent ? 1 : 0)
  }" skipped="${document.counts.skipped}" time="${document.durationSeconds}"`;
  const properties = [
    ["target", document.target],
    ["profile", document.profile],
    ["failOn", document.failOn],
    ["seed", document.seed],
    ["verdict", document.verdict],
    ["reason", document.reason],
    ...Object.entries(document.expectation).map(([name, value]) => [`expect.${name}`, value] as const),
  ] as const;
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="keye probe" ${totals}>
  <testsuite name="keye probe ${document.profile}" timestamp="${document.startedAt}" ${totals}>
    <properties>
${properties.map(([name, value]) => markup`      <property name="${name}" value="${value}"/>\n`)}    </properties>
${document.checks.map((check) => testCase(check, document))}${isSilent ? verdictCase(document) : undefined}  </testsuite>
</testsuites>
`.text;
}

function testCase(check: ReportedCheck, document: ProbeReportDocument): Markup {
  const facts = Object.entries(check.facts).filter(([, value]) => value !== null);
  const properties = facts.map(
    ([name, value]) => markup`        <property name="${name}" value="${String(value)}"/>\n`,
  );
  return markup`    <testcase classname="keye.probe.${document.profile}" name="${check.name}" time="${check.durationSeconds}">
      <properties>
        <property name="severity" value="${check.severity}"/>
        <property name="attempts" value="${check.attempts}"/>
        <property name="transportErrors" value="${check.transportErrors}"/>
${properties}      </properties>
${resultOf(check, isDecisive(check, document))}    </testcase>
`;
}

function resultOf(check: ReportedCheck, decides: boolean): Markup | undefined {
  const { outcome, reason, proves } = check;
  if (outcome === "pass") return undefined;
  if (outcome === "skipped") return markup`      <skipped message="${reason}"/>\n`;
  if (!decides) return markup`      <system-out>warning: ${reason}</system-out>\n`;
  const not = `Not proven: ${proves}`;
  return outcome === "fail"
    ? markup`      <failure type="wrong answer" message="${reason}">${not}</failure>\n`
    : markup`      <error type="no answer" message="${reason}">${not}</error>\n`;
}

function verdictCase({ profile, reason, verdict }: ProbeReportDocument): Markup {
  return markup`    <testcase classname="keye.probe.${profile}" name="verdict" time="0">
      <error type="${verdict}" message="${reason}"/>
    </testcase>
`;
}
