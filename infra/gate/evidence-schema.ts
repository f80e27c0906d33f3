import { clockPhases } from "../core/phase-budgets.ts";
import { evidenceApiVersion } from "./evidence.ts";
import { phaseNames } from "./phases.ts";

const text = { type: "string" };
const textOrNull = { type: ["string", "null"] };
const texts = { type: "array", items: text };
const count = { type: "integer", minimum: 0 };
const amount = { type: "number", minimum: 0 };
const moment = { type: "string", pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$" };
const epochMs = { ...count, description: "Milliseconds since 1970." };
const sha256 = { type: "string", pattern: "^[0-9a-f]{64}$" };
const code = { type: "string", pattern: "^[A-Z]+(_[A-Z]+)+$", description: "docs/errors.md gives its cause and cure." };
const verdict = { enum: ["pass", "fail", "inconclusive"] };

function group(required: Readonly<Record<string, object>>, optional: Readonly<Record<string, object>> = {}): object {
  return {
    type: "object",
    additionalProperties: false,
    required: Object.keys(required),
    properties: { ...required, ...optional },
  };
}

function listOf(items: object): object {
  return { type: "array", items };
}

const phase = group({
  name: { enum: phaseNames },
  startedAt: moment,
  seconds: amount,
  outcome: { enum: ["pass", "fail", "inconclusive", "cancelled", "lost"] },
});

const measurement = group(
  {
    check: text,
    outcome: { enum: ["pass", "fail", "error", "skipped"] },
    reason: text,
    startedAt: epochMs,
    duration: { ...amount, description: "Milliseconds." },
    attempts: count,
    transportErrors: count,
    facts: { type: "object", additionalProperties: { type: ["string", "number", "boolean", "null"] } },
  },
  { severity: { enum: ["critical", "warning"] } },
);

const report = group(
  { target: text, startedAt: epochMs, finishedAt: epochMs, measurements: listOf(measurement) },
  { podUid: text },
);

const pod = group({
  name: text,
  uid: text,
  life: { ...text, description: "UID and restarts: the proof holds for this life only." },
  node: textOrNull,
  imageId: textOrNull,
  verdict,
  reason: text,
  reports: listOf(report),
});

const supplied = group({ job: text, kind: { enum: ["hydrate", "prePull"] }, seconds: amount }, { node: text });

const span = group({ phase: { enum: clockPhases }, seconds: amount }, { budgetSeconds: amount });
const clock = group({ pod: text, spans: listOf(span) });

const baseline = group({ configMap: text, sha256, revision: textOrNull, recordedAt: text });

const fault = group({ code, where: text, reason: text, cure: textOrNull, logTail: texts });

/** The JSON Schema of an `EvidenceDocument`, draft 7. Published as `docs/schema/promotion-evidence.schema.json`. */
export const evidenceSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "PromotionEvidence",
  description:
    "The record of one verdict on a revision. Fields may be added within v1; none changes its meaning or goes.",
  ...group(
    {
      apiVersion: { const: evidenceApiVersion },
      kind: { const: "PromotionEvidence" },
      verdict,
      isUnfinished: { type: "boolean", description: "The record made just before the switch." },
      reason: text,
      namespace: text,
      app: text,
      revision: text,
      previousRevision: { ...textOrNull, description: "What served before; null where nothing did." },
      strategy: text,
      replicas: count,
      probeHash: text,
      inputsSha256: { ...sha256, description: "Of the canonical inputs." },
      holder: { ...text, description: "Who held the lease." },
      startedAt: moment,
      finishedAt: moment,
      durationSeconds: amount,
      phases: listOf(phase),
      pods: listOf(pod),
      faults: listOf(fault),
      notes: texts,
    },
    {
      code,
      retryNonce: text,
      previousReplicas: { ...count, description: "What the revision before was asked to have when the run began." },
      emptiedAt: {
        ...moment,
        description: "When the revision before was asked to go so that the candidate finds room.",
      },
      outageSeconds: { ...amount, description: "How long no pod was behind the live Service." },
      passedAt: { ...moment, description: "When the revision last passed with these probes, whatever came after." },
      baseline: { ...baseline, description: "What the golden answers of the pods were compared with." },
      supplied: { ...listOf(supplied), description: "What was brought to volumes and nodes." },
      clocks: { ...listOf(clock), description: "What each pod's start took, phase by phase." },
      leftOut: { ...text, description: "What was left out to fit a ConfigMap." },
    },
  ),
};
