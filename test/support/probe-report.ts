import { PNG } from "pngjs";
import type { Measurement, ProbeReport } from "../../infra/gate/measurement.ts";
import { type ProbeReportDocument, reportDocument, type TargetResult } from "../../infra/prober/reports/document.ts";
import type { SentPicture } from "../../infra/prober/reports/formats.ts";

const startedAt = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A measurement of a check that passed, `from` milliseconds after the start of the run. */
export function measured(check: string, from: number, fields: Partial<Measurement> = {}): Measurement {
  return {
    check,
    outcome: "pass",
    reason: `${check} is as it should be.`,
    startedAt: startedAt + from,
    duration: 1000,
    attempts: 1,
    transportErrors: 0,
    facts: {},
    ...fields,
  };
}

/** A run with every outcome in it. */
export const mixedReport: ProbeReport = {
  target: "http://127.0.0.1:8000",
  startedAt,
  finishedAt: startedAt + 9200,
  measurements: [
    measured("health", 0, { reason: "GET /health: 200 after 1004 ms.", facts: { status: 200, tookMs: 1004 } }),
    measured("text", 1000, {
      duration: 420,
      attempts: 3,
      transportErrors: 1,
      facts: { question: "What is 20 + 22?", expected: 42, got: "42", tookMs: 140, weightVersion: "0123456789" },
    }),
    measured("image", 1420, {
      outcome: "fail",
      reason: 'code in the picture: wanted "K7Q2", got "K7O2".',
      duration: 2600,
      attempts: 2,
      facts: { question: "Which code is in the picture?", expected: "K7Q2", got: "K7O2", promptTokens: 318 },
    }),
    measured("latency", 4020, {
      duration: 5100,
      attempts: 62,
      facts: {
        ttftMsP50: 180,
        ttftMsP95: 410,
        ttftMsMax: 530,
        interTokenMsP50: 9,
        interTokenMsP95: 14,
        interTokenMsMax: 31,
      },
    }),
    measured("politeness", 9120, {
      outcome: "fail",
      severity: "warning",
      reason: "wanted a greeting, got none.",
      duration: 80,
    }),
    measured("golden", 9200, { outcome: "skipped", reason: "No baseline was given.", duration: 0, attempts: 0 }),
  ],
};

/** The document of a report, as `keye probe` makes it. */
export function documentOf(report: ProbeReport, fields: Partial<ProbeReportDocument> = {}): ProbeReportDocument {
  const isFail = report.measurements.some(({ outcome, severity }) => outcome === "fail" && severity !== "warning");
  const verdict: TargetResult["verdict"] = isFail
    ? { kind: "fail", reason: "image is wrong (1 wrong, 0 allowed)" }
    : { kind: "pass", reason: "all well" };
  const { target, startedAt, finishedAt } = report;
  const document = reportDocument(
    { target, startedAt, finishedAt, results: [{ report, verdict }] },
    {
      spec: { profile: "gate", expectation: { tpSize: 2, attentionBackend: "keye_sa" } },
      verdict,
      seed: 7,
      failOn: "critical",
      checks: report.measurements.map(({ check }) => ({ name: check, proves: `What ${check} proves.` })),
    },
  );
  return { ...document, ...fields };
}

/** A picture of one colour with a darker bar. */
export function pictureOf(check: string, shows: string, target = mixedReport.target): SentPicture {
  const png = new PNG({ width: 56, height: 28 });
  for (let pixel = 0; pixel < 56 * 28; pixel++) {
    const isBar = pixel % 56 > 20 && pixel % 56 < 34;
    png.data.set(isBar ? [40, 40, 90, 255] : [230, 120, 60, 255], pixel * 4);
  }
  return { target, check, mime: "image/png", bytes: PNG.sync.write(png), shows };
}
