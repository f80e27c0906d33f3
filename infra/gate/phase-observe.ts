import { noRevision } from "../core/names.ts";
import { activeOf, deploymentOf, readyCount } from "./app-view.ts";
import { type EvidenceDocument, parseEvidence } from "./evidence.ts";
import { evidenceNameOf } from "./evidence-store.ts";
import type { Observation } from "./ports.ts";
import { apiPhaseSeconds, type PromotionRun } from "./promotion-run.ts";
import { stillEmptied } from "./recreate/emptied.ts";

/**
 * What the cluster shows when a promotion begins; everything is derived from live objects, so an interrupted run resumes.
 *
 * `proven`: the target serves and its proof is on record. `unproven`: the target serves, but no pass is on record for
 * these probes. `candidate`: something else serves, or nothing.
 */
export type Situation = {
  readonly kind: "proven" | "unproven" | "candidate";
  readonly observation: Observation;
  /** The last verdict on the target with these probes, whatever it was. */
  readonly evidence?: EvidenceDocument;
  readonly evidenceJson?: string;
};

/** Phase OBSERVE. Sets `run.previous`, its replicas, and what an earlier run has emptied and not brought back. */
export async function observe(run: PromotionRun): Promise<Situation> {
  return await run.phase({ name: "observe", seconds: apiPhaseSeconds }, async (signal) => {
    const { cluster } = run.ports;
    const observation = await cluster.observe(run.ref, signal);
    const stored = await cluster.readEvidence(run.ref, evidenceNameOf(run.inputs), signal);
    const evidence = stored === undefined ? undefined : parseEvidence(stored.json);
    if (stored !== undefined && evidence === undefined) {
      run.line("observe", `evidence ${stored.name} is not readable and counts as none`);
    }
    const situation: Situation = {
      kind: kindOf(run, observation, evidence),
      observation,
      ...(evidence === undefined || stored === undefined ? {} : { evidence, evidenceJson: stored.json }),
    };
    run.emptied = stillEmptied(run.inputs, observation, evidence);
    run.previous = previousOf(run, situation);
    run.traffic = observation.traffic;
    run.previousReplicas = Math.max(
      recordedReplicas(run, evidence),
      deploymentOf(observation, run.previous)?.spec.replicas ?? 0,
    );
    if (run.emptied !== undefined && observation.endpoints.length === 0) run.outage.begin(run.emptied.since);
    run.line("observe", sentence(run, situation));
    return situation;
  });
}

function kindOf(
  run: PromotionRun,
  observation: Observation,
  evidence: EvidenceDocument | undefined,
): Situation["kind"] {
  const { revision, replicas } = run.inputs;
  if (activeOf(observation) !== revision) return "candidate";
  // Of a ramp only one of both is the target, and its end has not been seen.
  if (observation.traffic.kind === "ramp") return "unproven";
  // A run that died in the gap, and a person who then wants the old revision back, leave it at 0.
  if (deploymentOf(observation, revision)?.spec.replicas === 0) return "unproven";
  // Replicas are compared with what was asked last time, not with what runs: an autoscaler may own that number.
  return evidence?.verdict === "pass" && evidence.replicas === replicas ? "proven" : "unproven";
}

/** Where the target serves already, the revision before it is known only from the record made just before the switch. */
function previousOf(run: PromotionRun, { kind, observation, evidence }: Situation): string {
  if (kind === "candidate") return activeOf(observation);
  if (evidence === undefined || evidence.previousRevision === null) return noRevision;
  if (evidence.verdict === "pass" && kind === "proven") return evidence.previousRevision;
  const isWarm = evidence.isUnfinished && readyCount(observation, evidence.previousRevision) > 0;
  return (isWarm || run.emptied !== undefined) && evidence.previousRevision !== run.inputs.revision
    ? evidence.previousRevision
    : noRevision;
}

/** What the revision before had when an earlier run, which did not come to its end, began to take it away. */
function recordedReplicas({ previous }: PromotionRun, evidence: EvidenceDocument | undefined): number {
  if (evidence?.isUnfinished !== true || evidence.previousRevision !== previous) return 0;
  return evidence.previousReplicas ?? 0;
}

function sentence(run: PromotionRun, { kind, observation, evidence }: Situation): string {
  const { revision } = run.inputs;
  if (kind === "proven") return `${revision} serves and is proven by these probes`;
  if (kind === "unproven") {
    if (evidence?.isUnfinished) return `${revision} serves; an earlier run ended before it was verified`;
    const isAsked = deploymentOf(observation, revision)?.spec.replicas !== 0;
    return isAsked ? `${revision} serves; these probes have no pass on record` : `${revision} shall serve and is at 0`;
  }
  const active = activeOf(observation);
  const serving =
    active === noRevision
      ? "nothing serves yet"
      : `${active} serves with ${readyCount(observation, active)} ready pods`;
  const running = deploymentOf(observation, revision)?.spec.replicas ?? 0;
  const gap =
    run.emptied === undefined ? "" : `, for a run that died has made room of its ${run.emptied.replicas} replicas`;
  return `${serving}${gap}; candidate ${revision}${running > 0 ? ` already has ${running} replicas` : ""}`;
}
