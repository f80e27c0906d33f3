import { checksOf, isDecisive, type ProbeReportDocument, type ReportedCheck, type ReportedTarget } from "./document.ts";
import { type Markup, markup } from "./markup.ts";

/**
 * The report as JUnit XML, one suite a target, one test case a check: a wrong answer is a `failure`, no answer an `error`. A
 * warning that does not decide is told in `system-out`. Where the verdict is no pass though no check says so, the verdict is
 * a case of its own: what is not promoted is never green.
 */
export function junitReport(document: ProbeReportDocument): string {
  const suites = document.targets.map((target) => suiteOf(document, target));
  // A Service without pods has no suite that could be red.
  const rest = suites.length === 0 ? [emptySuite(document)] : suites;
  const total = (name: keyof Totals) => rest.reduce((sum, { totals }) => sum + totals[name], 0);
  const totals = {
    tests: total("tests"),
    failures: total("failures"),
    errors: total("errors"),
    skipped: total("skipped"),
  };
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="keye probe" ${attributes(totals, document.durationSeconds)}>
${rest.map(({ text }) => text)}</testsuites>
`.text;
}

interface Totals {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
}

interface Suite {
  readonly totals: Totals;
  readonly text: Markup;
}

function suiteOf(document: ProbeReportDocument, target: ReportedTarget): Suite {
  const checks = checksOf(document, target);
  const decisive = checks.filter((check) => isDecisive(check, document));
  const failures = decisive.filter(({ outcome }) => outcome === "fail").length;
  const errors = decisive.filter(({ outcome }) => outcome === "error").length;
  const verdict = document.targets.length === 1 ? document : target;
  const isSilent = verdict.verdict !== "pass" && failures + errors === 0;
  const silent = isSilent ? 1 : 0;
  const totals = { tests: checks.length + silent, failures, errors: errors + silent, skipped: target.counts.skipped };
  const isPod = target.podUid !== undefined;
  const text = markup`  <testsuite name="keye probe ${document.profile}${isPod ? ` ${target.name}` : ""}" timestamp="${target.startedAt}" ${attributes(totals, target.durationSeconds)}>
    <properties>
${propertiesOf(document, target, verdict).map(([name, value]) => markup`      <property name="${name}" value="${value}"/>\n`)}    </properties>
${checks.map((check) => testCase(check, document, className(document, target)))}${isSilent ? verdictCase(verdict, className(document, target)) : undefined}  </testsuite>
`;
  return { totals, text };
}

function emptySuite(document: ProbeReportDocument): Suite {
  const totals = { tests: 1, failures: 0, errors: 1, skipped: 0 };
  const text = markup`  <testsuite name="keye probe ${document.profile}" timestamp="${document.startedAt}" ${attributes(totals, document.durationSeconds)}>
${verdictCase(document, `keye.probe.${document.profile}`)}  </testsuite>
`;
  return { totals, text };
}

function attributes({ tests, failures, errors, skipped }: Totals, seconds: number): Markup {
  return markup`tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}" time="${seconds}"`;
}

/** Test results are told apart by class and name alone: a pod is part of the class. */
function className({ profile }: ProbeReportDocument, { name, podUid }: ReportedTarget): string {
  return podUid === undefined ? `keye.probe.${profile}` : `keye.probe.${profile}.${name}`;
}

function propertiesOf(
  document: ProbeReportDocument,
  target: ReportedTarget,
  verdict: Pick<ReportedTarget, "verdict" | "reason">,
): readonly (readonly [string, string | number])[] {
  return [
    ["target", target.name],
    ...(target.name === document.target ? [] : [["service", document.target] as const]),
    ...(target.podUid === undefined ? [] : [["podUid", target.podUid] as const]),
    ["profile", document.profile],
    ["failOn", document.failOn],
    ["seed", document.seed],
    ["verdict", verdict.verdict],
    ["reason", verdict.reason],
    ...Object.entries(document.expectation).map(([name, value]) => [`expect.${name}`, String(value)] as const),
  ];
}

function testCase(check: ReportedCheck, document: ProbeReportDocument, suite: string): Markup {
  const facts = Object.entries(check.facts).filter(([, value]) => value !== null);
  const properties = facts.map(
    ([name, value]) => markup`        <property name="${name}" value="${String(value)}"/>\n`,
  );
  return markup`    <testcase classname="${suite}" name="${check.name}" time="${check.durationSeconds}">
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

function verdictCase({ reason, verdict }: Pick<ReportedTarget, "verdict" | "reason">, suite: string): Markup {
  return markup`    <testcase classname="${suite}" name="verdict" time="0">
      <error type="${verdict}" message="${reason}"/>
    </testcase>
`;
}
