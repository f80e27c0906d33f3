import type { ErrorCode } from "../core/errors.ts";
import type { PromotionInputs } from "../core/promotion-inputs.ts";
import type { EpochMs, Seconds } from "../core/units.ts";
import type { EvidenceDocument } from "./evidence.ts";
import { evidenceNameOf } from "./evidence-store.ts";

/**
 * Faults that lie in the cluster and not in the revision: the same revision may pass as soon as the cluster is mended, so
 * a rejection for one of them is never remembered.
 */
const clusterFaults: readonly ErrorCode[] = [
  "E_CAPACITY",
  "E_UNSCHEDULABLE",
  "E_QUOTA",
  "E_GPU",
  "E_EVICTED",
  "E_NODE",
];

/** A rejection that still counts. */
export interface CachedRejection {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly evidence: string;
  readonly agoSeconds: Seconds;
}

/** Whether a verdict with this code would end the next run of the same revision at once. */
export function isRemembered(verdict: EvidenceDocument["verdict"], code: ErrorCode | undefined): boolean {
  return verdict === "fail" && code !== undefined && !clusterFaults.includes(code);
}

/**
 * The rejection that these inputs would only repeat, while its cool-down lasts. A changed `retryNonce` overrides it.
 * Inconclusive verdicts are never remembered.
 */
export function coolDownLeft(
  inputs: Pick<PromotionInputs, "app" | "revision" | "probeHash" | "retryNonce" | "cooldownSeconds">,
  evidence: EvidenceDocument | undefined,
  now: EpochMs,
): CachedRejection | undefined {
  if (evidence?.code === undefined || !isRemembered(evidence.verdict, evidence.code)) return undefined;
  if ((evidence.retryNonce ?? "") !== (inputs.retryNonce ?? "")) return undefined;
  const agoSeconds = Math.round((now - Date.parse(evidence.finishedAt)) / 1000);
  if (!(agoSeconds < inputs.cooldownSeconds)) return undefined;
  return { code: evidence.code, reason: evidence.reason, evidence: evidenceNameOf(inputs), agoSeconds };
}
