import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import type { ProbeReport } from "../../../infra/gate/measurement.ts";
import { checkLine } from "../../../infra/prober/reports/console.ts";
import { reportDocument, type TargetResult } from "../../../infra/prober/reports/document.ts";
import { documentSchema } from "../../../infra/prober/reports/document-schema.ts";
import { type ReportFormat, renderReport, reportFormats } from "../../../infra/prober/reports/formats.ts";
import { documentOf, measured, mixedReport, pictureOf } from "../../support/probe-report.ts";

const mixed = documentOf(mixedReport);
const isValid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(documentSchema);

function reportOf(measurements: ProbeReport["measurements"]): ProbeReport {
  return { ...mixedReport, measurements };
}

describe("the JSON document", () => {
  test("it fits its published schema", () => {
    expect(isValid(JSON.parse(renderReport("json", mixed, []))), JSON.stringify(isValid.errors)).toBe(true);
  });

  test.each([
    ["without its version", { apiVersion: undefined }],
    ["with a verdict that there is not", { verdict: "maybe" }],
    ["with a field that nobody knows", { extra: 1 }],
    ["with a fact that is a list", { checks: [{ ...mixed.checks[0], facts: { got: [1] } }] }],
  ])("%s it does not", (_name, change) => {
    expect(isValid({ ...mixed, ...change })).toBe(false);
  });

  test("it counts outcomes, and says of each check what it proves and when it began", () => {
    expect(mixed.counts).toEqual({ pass: 3, fail: 2, error: 0, skipped: 1 });
    expect(mixed.checks[1]).toMatchObject({
      name: "text",
      proves: "What text proves.",
      severity: "critical",
      startedAt: "2026-01-02T03:04:06.000Z",
      durationSeconds: 0.42,
    });
  });
});

describe("JUnit", () => {
  const junit = (report: ProbeReport, fields = {}) => renderReport("junit", documentOf(report, fields), []);

  test("a wrong answer is a failure, no answer an error, a skipped check skipped; a warning is only told", () => {
    const text = junit(
      reportOf([...mixedReport.measurements, measured("burst", 0, { outcome: "error", reason: "gone." })]),
    );
    expect(text).toContain('<testsuites name="keye probe" tests="7" failures="1" errors="1" skipped="1" time="9.2">');
    expect(text.match(/<(failure|error|skipped|system-out)[^/]*?(message="[^"]*")?\/?>/g)).toEqual([
      '<failure type="wrong answer" message="code in the picture: wanted &quot;K7Q2&quot;, got &quot;K7O2&quot;.">',
      "<system-out>",
      '<skipped message="No baseline was given."/>',
      '<error type="no answer" message="gone.">',
    ]);
  });

  test("a warning that decides is a failure too", () => {
    expect(junit(mixedReport, { failOn: "warning" })).toContain('failures="2" errors="0"');
  });

  test("a run without a verdict is never green, though no check says why", () => {
    const text = junit(reportOf([measured("text", 0)]), {
      verdict: "inconclusive",
      reason: "the deadline ended the run",
    });
    expect(text).toContain('tests="2" failures="0" errors="1"');
    expect(text).toContain('<error type="inconclusive" message="the deadline ended the run"/>');
  });

  test("what XML cannot hold is shown as a mark, so that the file can be parsed", () => {
    const text = junit(
      reportOf([measured("text", 0, { outcome: "fail", reason: "a\u0000b\u001b[31m\ud800 ]]> <x>&" })]),
    );
    expect(text).toContain('message="a\ufffdb\ufffd[31m\ufffd ]]&gt; &lt;x&gt;&amp;"');
  });
});

test("Markdown shows an answer's own Markdown and HTML as they are", () => {
  const hostile = measured("text", 0, {
    outcome: "fail",
    reason: "got `|` <b>*x*\n[a](b)",
    facts: { got: "# x\n| y" },
  });
  const text = renderReport("markdown", documentOf(reportOf([hostile])), []);
  expect(text).toContain("| text | **fail** | 1.0 s | got \\`\\|\\` &lt;b&gt;\\*x\\* \\[a\\]\\(b\\) |");
  expect(text).toContain("- got: \\# x \\| y");
});

describe("HTML", () => {
  const attack = `"><script>alert(1)</script><img src="http://evil.example/x.png">`;
  const html = renderReport(
    "html",
    documentOf(reportOf([measured("text", 0, { reason: attack, facts: { got: attack } })])),
    [pictureOf("text", attack)],
  );

  test("nothing in it refers to anything outside of it, whatever an answer holds", () => {
    expect(html).not.toMatch(/<script|<img src="(?!data:)|href="(?!#|data:)|url\(|@import/);
    expect(html).toContain("default-src &#39;none&#39;");
  });

  test("pictures are in it, and in no other report", () => {
    const payload = Buffer.from(pictureOf("image", "x").bytes).toString("base64");
    const holding = reportFormats.filter((format) =>
      renderReport(format, mixed, [pictureOf("image", "x")]).includes(payload),
    );
    expect(holding).toEqual(["html"]);
  });

  test("a run without checks is a page too", () => {
    const empty = renderReport("html", documentOf(reportOf([])), []);
    expect(empty).not.toContain("Timeline");
  });
});

describe("Prometheus", () => {
  const text = renderReport("prometheus", documentOf(reportOf([...mixedReport.measurements, measured("text", 0)])), []);
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

  test("every line is a sample with bounded labels, every series is there once, in base units", () => {
    const sample = /^keye_probe_[a-z_]+\{((profile|verdict|check|outcome|quantile)="[a-z0-9.-]+",?)+\} \d+(\.\d+)?$/;
    expect(samples.filter((line) => !sample.test(line))).toEqual([]);
    expect(new Set(samples.map((line) => line.split(" ")[0])).size).toBe(samples.length);
    expect(samples).toContain('keye_probe_first_token_seconds{profile="gate",check="latency",quantile="0.95"} 0.41');
    expect(text.endsWith("\n")).toBe(true);
  });

  test("the verdict is 1 and its alternatives are 0", () => {
    expect(samples.filter((line) => line.startsWith("keye_probe_verdict"))).toEqual([
      'keye_probe_verdict{profile="gate",verdict="pass"} 0',
      'keye_probe_verdict{profile="gate",verdict="fail"} 1',
      'keye_probe_verdict{profile="gate",verdict="inconclusive"} 0',
    ]);
  });
});

describe("the termination message", () => {
  const failing = (count: number, reason: string) =>
    reportOf(Array.from({ length: count }, (_, index) => measured(`c${index}`, 0, { outcome: "fail", reason })));

  test("it is one line of JSON with the verdict and what failed", () => {
    const line = renderReport("termination", mixed, []);
    expect(line.trimEnd()).not.toContain("\n");
    expect(JSON.parse(line)).toMatchObject({
      verdict: "fail",
      counts: { fail: 2 },
      failed: [{ name: "image", outcome: "fail" }, { name: "politeness" }],
    });
  });

  test.each([
    ["plain text", "x".repeat(500)],
    ["letters of three bytes", "图".repeat(500)],
    ["letters that JSON escapes", "\u0001".repeat(500)],
    ["halves of letters", "\ud83d".repeat(500)],
  ])("however much fails, it fits into 4096 bytes and counts what it leaves out: %s", (_name, reason) => {
    const document = documentOf(failing(64, reason), { reason, target: reason });
    const line = renderReport("termination", document, []);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4096);
    const { failed, left } = JSON.parse(line);
    expect(failed.length + left).toBe(64);
  });
});

describe("a run over several pods", () => {
  const podReport = (name: string, measurements: ProbeReport["measurements"]): TargetResult => ({
    report: { ...mixedReport, target: name, podUid: `uid-${name}`, measurements },
    verdict: measurements.some(({ outcome }) => outcome === "fail")
      ? { kind: "fail", reason: `text is wrong on ${name}` }
      : { kind: "pass", reason: "all well" },
  });
  const wrong = measured("text", 0, { outcome: "fail", reason: "wanted 42, got 41." });
  const pace = { ttftMsP50: 180, ttftMsP95: 410, interTokenMsP50: 9, interTokenMsP95: 14 };
  const fleet = reportDocument(
    {
      target: "keye/keye-candidate",
      startedAt: mixedReport.startedAt,
      finishedAt: mixedReport.finishedAt,
      results: [
        podReport("keye-a", [measured("text", 0), measured("latency", 10, { facts: pace })]),
        podReport("keye-b", [wrong]),
      ],
    },
    {
      spec: { profile: "gate", expectation: {} },
      verdict: { kind: "fail", reason: "1 of 2 pods is unfit: keye-b" },
      seed: 7,
      failOn: "critical",
      checks: [{ name: "text", proves: "Answers are right." }],
    },
  );
  const written = (format: ReportFormat) =>
    renderReport(format, fleet, [pictureOf("text", "code of a", "keye-a"), pictureOf("text", "code of b", "keye-b")]);

  test("names each pod with its verdict and counts, and each check's pod", () => {
    expect(isValid(fleet), JSON.stringify(isValid.errors)).toBe(true);
    expect(fleet.targets.map(({ name, verdict, counts }) => [name, verdict, counts.fail])).toEqual([
      ["keye-a", "pass", 0],
      ["keye-b", "fail", 1],
    ]);
    expect(fleet.counts).toEqual({ pass: 2, fail: 1, error: 0, skipped: 0 });
    expect(fleet.checks.map(({ target, name }) => `${target} ${name}`)).toEqual([
      "keye-a text",
      "keye-a latency",
      "keye-b text",
    ]);
  });

  test("is a JUnit suite a pod, whose cases cannot be mistaken for another's", () => {
    const text = written("junit");
    expect(text.match(/<testsuite name="[^"]*"|<testsuites [^>]*>/g)).toEqual([
      '<testsuites name="keye probe" tests="3" failures="1" errors="0" skipped="0" time="9.2">',
      '<testsuite name="keye probe gate keye-a"',
      '<testsuite name="keye probe gate keye-b"',
    ]);
    expect(text).toContain('<testcase classname="keye.probe.gate.keye-b" name="text" time="1">');
  });

  test("is a row a pod in Markdown, and a table of checks a pod", () => {
    const text = written("markdown");
    expect(text).toContain("| keye-a | pass | all well |\n| keye-b | **fail** | text is wrong on keye-b |");
    expect(text.match(/^#+ .*/gm)).toEqual(["## keye probe: fail", "### keye-a", "### keye-b", "#### text"]);
  });

  test("is a part a pod in HTML, with its own anchors and pictures", () => {
    const text = written("html");
    const [, a = "", b = ""] = text.split(/<h2 id="pod-\d">/);
    expect([a.includes("sent: code of a"), a.includes("code of b"), b.includes("sent: code of b")]).toEqual([
      true,
      false,
      true,
    ]);
    expect(text.match(/id="(check|pod)-[^"]*"/g)).toEqual([
      'id="pod-0"',
      'id="check-0-text"',
      'id="check-0-latency"',
      'id="pod-1"',
      'id="check-1-text"',
    ]);
    expect(text).toContain("keye probe --service keye-candidate --namespace keye --profile gate --seed 7");
  });

  test("is a label a pod in Prometheus, and the run's verdict stays one series", () => {
    const lines = written("prometheus").split("\n");
    expect(lines).toContain('keye_probe_verdict{profile="gate",verdict="fail"} 1');
    expect(lines).toContain('keye_probe_pod_verdict{profile="gate",pod="keye-a",verdict="pass"} 1');
    expect(lines).toContain('keye_probe_check_outcome{profile="gate",pod="keye-b",check="text",outcome="fail"} 1');
    const pace95 = 'keye_probe_inter_token_seconds{profile="gate",pod="keye-a",check="latency",quantile="0.95"} 0.014';
    expect(lines).toContain(pace95);
  });

  test("names the pod of each failed check in the termination message", () => {
    expect(JSON.parse(written("termination"))).toMatchObject({
      target: "keye/keye-candidate",
      failed: [{ pod: "keye-b", name: "text", outcome: "fail" }],
    });
  });

  test("a Service whose pods were never asked is never green", () => {
    const none = { ...fleet, targets: [], checks: [], verdict: "inconclusive", reason: "no pod" } as const;
    const text = renderReport("junit", none, []);
    expect(text).toContain('tests="1" failures="0" errors="1"');
    expect(text).toContain('<error type="inconclusive" message="no pod"/>');
  });
});

test("a terminal is told of control characters, and does not obey them", () => {
  const line = checkLine(measured("text", 0, { outcome: "fail", reason: "got \u001b]0;owned\u0007" }));
  expect(line).toBe("FAIL   text            1.0 s  got \ufffd]0;owned\ufffd");
});
