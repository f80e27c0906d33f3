import { noRevision } from "../core/names.ts";
import { activeOf, deploymentOf, readyCount } from "./app-view.ts";
import { type EvidenceDocument, parseEvidence } from "./evidence.ts";
import { evidenceNameOf } from "./evidence-store.ts";
import type { Observation } from "./ports.ts";
import { apiPhaseSeconds, type PromotionRun } from "./promotion-run.ts";

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

/** Phase OBSERVE. Sets `run.previous` and its replicas. */
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
    run.previous = previousOf(run, situation);
    run.previousReplicas = deploymentOf(observation, run.previous)?.spec.replicas ?? 0;
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
  // Replicas are compared with what was asked last time, not with what runs: an autoscaler may own that number.
  return evidence?.verdict === "pass" && evidence.replicas === replicas ? "proven" : "unproven";
}

/** Where the target serves already, the revision before it is known only from the record made just before the switch. */
function previousOf(run: PromotionRun, { kind, observation, evidence }: Situation): string {
  if (kind === "candidate") return activeOf(observation);
  if (evidence === undefined || evidence.previousRevision === null) return noRevision;
  if (evidence.verdict === "pass" && kind === "proven") return evidence.previousRevision;
  const isWarm = evidence.isUnfinished && readyCount(observation, evidence.previousRevision) > 0;
  return isWarm && evidence.previousRevision !== run.inputs.revision ? evidence.previousRevision : noRevision;
}

function sentence(run: PromotionRun, { kind, observation, evidence }: Situation): string {
  const { revision } = run.inputs;
  if (kind === "proven") return `${revision} serves and is proven by these probes`;
  if (kind === "unproven") {
    const why = evidence?.isUnfinished
      ? "an earlier run ended before it was verified"
      : "these probes have no pass on record";
    return `${revision} serves; ${why}`;
  }
  const active = activeOf(observation);
  const serving =
    active === noRevision
      ? "nothing serves yet"
      : `${active} serves with ${readyCount(observation, active)} ready pods`;
  const running = deploymentOf(observation, revision)?.spec.replicas ?? 0;
  return `${serving}; candidate ${revision}${running > 0 ? ` already has ${running} replicas` : ""}`;
}
