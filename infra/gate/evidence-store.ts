import { canonicalJson } from "../core/canonical-json.ts";
import { textOf } from "../core/errors.ts";
import { evidenceName, noRevision } from "../core/names.ts";
import type { PromotionInputs } from "../core/promotion-inputs.ts";
import {
  type EvidenceDocument,
  type EvidencePhase,
  evidenceApiVersion,
  parseEvidence,
  passedAtOf,
  serializeEvidence,
} from "./evidence.ts";
import type { PhaseRecord } from "./phases.ts";
import type { PromotionStop } from "./promotion-error.ts";
import type { PromotionRun } from "./promotion-run.ts";
import { rolloutMetrics } from "./rollout-metrics.ts";

/** What is to be put on record. `unfinished`: the run is about to take the old revision away, at once or pod by pod, or to switch. */
export type Outcome =
  | { readonly kind: "pass" }
  | { readonly kind: "unfinished"; readonly before: "empty" | "ramp" | "switch" }
  | { readonly kind: "stopped"; readonly stop: PromotionStop };

/** Evidence as it was stored. */
export interface SavedEvidence {
  readonly name: string;
  readonly sha256: string;
  /** RFC 3339. */
  readonly finishedAt: string;
}

/** Name of the ConfigMap with the last verdict on these inputs. */
export function evidenceNameOf({
  app,
  revision,
  probeHash,
}: Pick<PromotionInputs, "app" | "revision" | "probeHash">): string {
  return evidenceName(app, revision, probeHash);
}

/** Writes the verdict to the cluster, and to a file where one is wanted; the file may fail, the cluster may not. */
export async function saveEvidence(run: PromotionRun, outcome: Outcome, signal: AbortSignal): Promise<SavedEvidence> {
  const name = evidenceNameOf(run.inputs);
  const passedAt = outcome.kind === "pass" ? undefined : await passedBefore(run, name, signal);
  const document = { ...documentOf(run, outcome), ...(passedAt === undefined ? {} : { passedAt }) };
  const json = serializeEvidence(document);
  const { revision, cacheKey } = run.inputs;
  const filled = document.verdict === "pass" && cacheKey !== undefined ? { cacheKey } : {};
  const inputsJson = canonicalJson(run.inputs);
  const record = { name, json, inputsJson, revision, verdict: document.verdict, ...filled };
  await run.ports.cluster.saveEvidence(run.ref, record, signal);
  if (outcome.kind !== "unfinished") {
    await saveFile(run, `${name}.json`, json);
    await saveFile(run, `${name}.prom`, rolloutMetrics(document));
  }
  return { name, sha256: run.ports.sha256(json), finishedAt: document.finishedAt };
}

/** A revision that has served once may be wanted again: a later verdict takes the place of its pass and keeps the moment. */
async function passedBefore(run: PromotionRun, name: string, signal: AbortSignal): Promise<string | undefined> {
  const stored = await run.ports.cluster.readEvidence(run.ref, name, signal);
  const before = stored === undefined ? undefined : parseEvidence(stored.json);
  return before === undefined ? undefined : passedAtOf(before);
}

async function saveFile(run: PromotionRun, name: string, json: string): Promise<void> {
  try {
    await run.ports.evidenceFile?.(name, json);
  } catch (error) {
    run.line("evidence", `${name} could not be written on this machine: ${textOf(error)}`);
  }
}

function documentOf(run: PromotionRun, outcome: Outcome): EvidenceDocument {
  const { inputs, ports } = run;
  const now = ports.clock.now();
  const stop = outcome.kind === "stopped" ? outcome.stop : undefined;
  const outageSeconds = run.outage.secondsUntil(now);
  return {
    apiVersion: evidenceApiVersion,
    kind: "PromotionEvidence",
    verdict: outcome.kind === "pass" ? "pass" : stop?.kind === "fail" ? "fail" : "inconclusive",
    isUnfinished: outcome.kind === "unfinished",
    ...(stop === undefined ? {} : { code: stop.code }),
    reason: reasonOf(run, outcome),
    namespace: inputs.namespace,
    app: inputs.app,
    revision: inputs.revision,
    previousRevision: run.previous === noRevision ? null : run.previous,
    ...(run.previous === noRevision ? {} : { previousReplicas: run.previousReplicas }),
    strategy: inputs.strategy,
    replicas: inputs.replicas,
    probeHash: inputs.probeHash,
    inputsSha256: ports.sha256(canonicalJson(inputs)),
    ...(inputs.retryNonce === undefined ? {} : { retryNonce: inputs.retryNonce }),
    holder: ports.holder,
    startedAt: new Date(run.startedAt).toISOString(),
    finishedAt: new Date(now).toISOString(),
    durationSeconds: Math.round((now - run.startedAt) / 100) / 10,
    ...(run.emptied === undefined ? {} : { emptiedAt: new Date(run.emptied.since).toISOString() }),
    ...(outageSeconds === undefined ? {} : { outageSeconds }),
    phases: run.timeline.map(phaseOf),
    ...(run.baseline === undefined ? {} : { baseline: run.baseline }),
    supplied: run.supplied,
    clocks: run.phaseClock.clocks,
    pods: run.measured,
    faults: stop === undefined ? [] : [faultOf(stop)],
    notes: run.notes,
  };
}

function phaseOf({ name, startedAt, finishedAt, outcome }: PhaseRecord): EvidencePhase {
  const seconds = Math.round((finishedAt - startedAt) / 10) / 100;
  return { name, startedAt: new Date(startedAt).toISOString(), seconds, outcome };
}

const unfinishedReasons = {
  empty: ({ previous }: PromotionRun) => `${previous} was about to be scaled to 0, so that the candidate finds room.`,
  ramp: ({ previous }: PromotionRun) => `${previous} was about to make room for the candidate pod by pod.`,
  switch: () => "Every pod was proven; the switch was about to be made.",
} as const;

function reasonOf(run: PromotionRun, outcome: Outcome): string {
  switch (outcome.kind) {
    case "pass":
      return "Every pod was proven, serves, and was verified through the Service.";
    case "unfinished":
      return unfinishedReasons[outcome.before](run);
    case "stopped":
      return outcome.stop.reason;
    default:
      return outcome satisfies never;
  }
}

function faultOf(stop: PromotionStop) {
  const { code, where, reason, hint, logTail } = stop;
  return { code, where, reason, cure: hint ?? null, logTail };
}
