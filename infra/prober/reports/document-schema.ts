const seconds = { type: "number", minimum: 0 };
const count = { type: "integer", minimum: 0 };
const text = { type: "string" };
const moment = { type: "string", pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$" };
const severity = { enum: ["critical", "warning"] };

function group(properties: Readonly<Record<string, object>>): object {
  return { type: "object", additionalProperties: false, required: Object.keys(properties), properties };
}

const verdict = { enum: ["pass", "fail", "inconclusive"] };
const counts = group({ pass: count, fail: count, error: count, skipped: count });

const target = {
  type: "object",
  additionalProperties: false,
  required: ["name", "verdict", "reason", "startedAt", "durationSeconds", "counts"],
  properties: {
    name: { ...text, description: "The base URL, or the pod's name." },
    podUid: { ...text, description: "Absent where the target is no pod." },
    verdict,
    reason: text,
    startedAt: moment,
    durationSeconds: seconds,
    counts,
  },
};

const check = group({
  target: { ...text, description: "Name of the target that was asked." },
  name: text,
  proves: { ...text, description: "What a pass proves." },
  severity: { ...severity, description: "A warning decides only where failOn is warning." },
  outcome: {
    enum: ["pass", "fail", "error", "skipped"],
    description: "fail: the engine answered, wrongly. error: no answer came. skipped: it could not be asked.",
  },
  reason: { ...text, description: "One sentence with what was wanted and what came." },
  startedAt: moment,
  durationSeconds: seconds,
  attempts: count,
  transportErrors: { ...count, description: "Attempts that never reached the engine and were made again." },
  facts: {
    type: "object",
    description: "What was asked, expected, got and measured. Names that end in Ms are milliseconds.",
    additionalProperties: { type: ["string", "number", "boolean", "null"] },
  },
});

/** The JSON Schema of a `ProbeReportDocument`, draft 7. Published as `docs/schema/probe-report.schema.json`. */
export const documentSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "ProbeReport",
  description: "The report of one run of keye probe. Fields may be added within v1; none changes its meaning or goes.",
  ...group({
    apiVersion: { const: "keye-stack.dev/v1" },
    kind: { const: "ProbeReport" },
    target: { ...text, description: "What the run was pointed at: a base URL, or a Service as namespace/name." },
    profile: { enum: ["smoke", "gate", "soak"] },
    failOn: severity,
    seed: { ...count, description: "Repeats the run's questions and pictures: keye probe --seed." },
    expectation: { type: "object", description: "What the engine was declared to be." },
    startedAt: moment,
    durationSeconds: seconds,
    verdict: { ...verdict, description: "Of the whole run: pass only where every target passes." },
    reason: text,
    counts,
    targets: { type: "array", items: target, description: "Every engine that was asked." },
    checks: { type: "array", items: check, description: "Of all targets." },
  }),
};
