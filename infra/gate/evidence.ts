import type { ErrorCode } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import type { Seconds } from "../core/units.ts";
import type { VerdictKind } from "./measurement.ts";
import type { PodClock } from "./phase-clock.ts";
import type { PhaseName, PhaseRecord } from "./phases.ts";
import type { ProvenPod } from "./proof.ts";
import type { Supplied } from "./supply-progress.ts";

/** Version of {@link EvidenceDocument}. Fields are added within a version, never changed or removed. */
export const evidenceApiVersion = "keye-stack.dev/v1";

/** One phase that the run went through. */
export interface EvidencePhase {
  readonly name: PhaseName;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly seconds: Seconds;
  readonly outcome: PhaseRecord["outcome"];
}

/** What kept the candidate from passing. */
export interface EvidenceFault {
  readonly code: ErrorCode;
  readonly where: string;
  readonly reason: string;
  readonly cure: string | null;
  readonly logTail: readonly string[];
}

/** The baseline that the pods of a promotion were given to be compared with. */
export interface BaselineUsed {
  readonly configMap: string;
  readonly sha256: string;
  /** Of the engine that was recorded; null where it told none. */
  readonly revision: string | null;
  /** RFC 3339. */
  readonly recordedAt: string;
}

/** The record of one verdict: what was asked, what was seen, what came of it. Holds no secret and no media. */
export interface EvidenceDocument {
  readonly apiVersion: typeof evidenceApiVersion;
  readonly kind: "PromotionEvidence";
  readonly verdict: VerdictKind;
  /** True for the record made just before the switch: the run that made it has not come to an end. */
  readonly isUnfinished: boolean;
  /** The fault's code; absent on a pass. */
  readonly code?: ErrorCode;
  readonly reason: string;
  readonly namespace: string;
  readonly app: string;
  readonly revision: string;
  /** What served before; null where nothing did. */
  readonly previousRevision: string | null;
  /** Replicas that the revision before was asked to have when the run began. Absent in records of versions that did not keep it. */
  readonly previousReplicas?: number;
  readonly strategy: string;
  readonly replicas: number;
  readonly probeHash: string;
  /** sha256 of the canonical inputs. */
  readonly inputsSha256: string;
  readonly retryNonce?: string;
  readonly holder: string;
  /** RFC 3339. */
  readonly startedAt: string;
  /** RFC 3339. */
  readonly finishedAt: string;
  readonly durationSeconds: Seconds;
  /**
   * When the revision last passed with these probes, RFC 3339: that is not forgotten by a later verdict. Absent where it
   * never did, and in records of versions that forgot it.
   */
  readonly passedAt?: string;
  /** When the revision before was asked to go so that the candidate finds room, RFC 3339. Absent where it was not. */
  readonly emptiedAt?: string;
  /** How long no pod was behind the live Service; absent where there was always one. */
  readonly outageSeconds?: Seconds;
  readonly phases: readonly EvidencePhase[];
  /** What the pods' answers were compared with; absent where there was nothing. */
  readonly baseline?: BaselineUsed;
  /** What was brought to volumes and nodes, and how long each took. Absent in records of versions that brought nothing. */
  readonly supplied?: readonly Supplied[];
  /** What each pod's start took, phase by phase. Absent in records of versions that did not time them. */
  readonly clocks?: readonly PodClock[];
  readonly pods: readonly ProvenPod[];
  readonly faults: readonly EvidenceFault[];
  readonly notes: readonly string[];
  /** Set where details were left out to fit a ConfigMap. */
  readonly leftOut?: string;
}

/** Bytes that the JSON may have: a ConfigMap holds 1 MiB, and a person may want to annotate it. */
export const evidenceLimitBytes = 512 * 1024;

const secretKey = /^(?:admin_?)?api_?key$|^authorization$|password$|secret$|[_-]?token$/i;

/** The document as JSON: redacted throughout, and small enough for a ConfigMap. */
export function serializeEvidence(document: EvidenceDocument): string {
  const clean = withoutSecrets(document) as EvidenceDocument; // The walk keeps every key and every type but secret strings.
  const attempts: readonly (() => EvidenceDocument)[] = [
    () => clean,
    () => ({ ...shortened(clean, 1), leftOut: "all probe reports but each pod's last" }),
    () => ({ ...shortened(clean, 0), leftOut: "all probe reports" }),
  ];
  for (const attempt of attempts) {
    const json = `${JSON.stringify(attempt(), null, 2)}\n`;
    if (byteLength(json) <= evidenceLimitBytes) return json;
  }
  const bare = { ...clean, phases: [], pods: [], faults: [], notes: [], leftOut: "everything but the verdict" };
  return `${JSON.stringify(bare, null, 2)}\n`;
}

/** Reads a stored document. Undefined for text that is none, or one of another version. */
export function parseEvidence(json: string): EvidenceDocument | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    return isEvidence(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** When the revision last passed with these probes, RFC 3339; undefined where it never did. */
export function passedAtOf({ verdict, finishedAt: at, passedAt }: EvidenceDocument): string | undefined {
  return verdict === "pass" ? at : passedAt;
}

function isEvidence(value: unknown): value is EvidenceDocument {
  if (value === null || typeof value !== "object") return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return (
    fields.apiVersion === evidenceApiVersion &&
    fields.kind === "PromotionEvidence" &&
    ["pass", "fail", "inconclusive"].includes(String(fields.verdict)) &&
    typeof fields.isUnfinished === "boolean" &&
    typeof fields.revision === "string" &&
    typeof fields.replicas === "number" &&
    typeof fields.reason === "string" &&
    !Number.isNaN(Date.parse(String(fields.finishedAt))) &&
    (fields.previousRevision === null || typeof fields.previousRevision === "string")
  );
}

function shortened(document: EvidenceDocument, reports: number): EvidenceDocument {
  return {
    ...document,
    pods: document.pods.map((pod) => ({ ...pod, reports: reports === 0 ? [] : pod.reports.slice(-reports) })),
  };
}

/** Also rounds moments to whole milliseconds: the clock's fractions tell nobody anything. */
function withoutSecrets(value: unknown, key = ""): unknown {
  if (typeof value === "number") return key.endsWith("At") ? Math.round(value) : value;
  if (typeof value === "string") return secretKey.test(key) ? "[hidden]" : redact(value);
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withoutSecrets(field, name)]));
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
