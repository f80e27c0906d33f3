import { leaseName } from "../core/names.ts";
import type { Aftermath } from "./compensate.ts";
import { isRemembered } from "./negative-cache.ts";
import type { PhaseName } from "./phases.ts";
import type { PromotionStop } from "./promotion-error.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** What a postmortem is written from. */
export interface Postmortem {
  readonly run: PromotionRun;
  readonly stop: PromotionStop;
  readonly phase: PhaseName;
  readonly aftermath: Aftermath;
  /** Name of the evidence ConfigMap; undefined where nothing was recorded. */
  readonly evidence: string | undefined;
  /** Why the evidence could not be recorded, where it should have been. */
  readonly evidenceProblem?: string;
}

/** Codes that say more than "the gate failed" and stand first by themselves. */
const ownHeadline = ["E_CAPACITY", "E_CONFLICT", "E_POSTVERIFY", "E_CANCELLED", "E_LOCKED"];

/** The first line: what happened, machine-readable up to the colon. */
export function headline({ stop, phase, aftermath }: Postmortem): string {
  const subject = `${stop.where}: ${stop.reason}${stop.hint === undefined ? "" : ` ${stop.hint}`}`;
  if (aftermath.problem !== undefined) {
    return `E_ROLLBACK_FAILED phase=${phase} code=${stop.code}: could not undo: ${aftermath.problem} First came: ${subject}`;
  }
  const back = aftermath.switchedBackSeconds === undefined ? "" : `rolled back in ${aftermath.switchedBackSeconds} s: `;
  if (ownHeadline.includes(stop.code)) return `${stop.code} phase=${phase}: ${back}${subject}`;
  const verdict = stop.kind === "fail" ? "GATE_FAILED" : "GATE_INCONCLUSIVE";
  return `${verdict} phase=${phase} code=${stop.code}: ${back}${subject}`;
}

/** The whole text for people: the headline, the log, what serves, where the evidence is, what to type, what comes next. */
export function postmortem(parts: Postmortem): string {
  const { run, stop, aftermath } = parts;
  const rows: readonly (readonly [string, string])[] = [
    ["candidate", `revision ${run.inputs.revision}: ${aftermath.candidate}`],
    ["serving", aftermath.serving],
    ["phases", phasesText(run)],
    ["evidence", evidenceText(parts)],
    ...commands(parts).map((command, index) => [index === 0 ? "look" : "", command] as const),
    ["next up", nextUp(parts)],
  ];
  return [
    headline(parts),
    ...stop.logTail.map((line, index) => `  ${index === 0 ? "log       " : "          "} | ${line}`),
    ...rows.filter(([, text]) => text !== "").map(([label, text]) => `  ${label.padEnd(10)} ${text}`),
  ].join("\n");
}

function phasesText({ timeline }: PromotionRun): string {
  return timeline
    .map(({ name, startedAt, finishedAt, outcome }) => {
      const seconds = ((finishedAt - startedAt) / 1000).toFixed(1);
      return `${name} ${seconds} s${outcome === "pass" ? "" : ` (${outcome})`}`;
    })
    .join(", ");
}

function evidenceText({ evidence, evidenceProblem, run }: Postmortem): string {
  if (evidenceProblem !== undefined) return `could not be recorded: ${evidenceProblem}`;
  return evidence === undefined ? "" : `ConfigMap ${run.ref.namespace}/${evidence}`;
}

function commands({ run, stop, evidence, aftermath }: Postmortem): string[] {
  const { namespace, service, app } = run.ref;
  const kubectl = `kubectl -n ${namespace}`;
  const object = /(?:^|\/)pod\/([^/]+)$/.exec(stop.where)?.[1];
  const found: string[] = [];
  if (object !== undefined) found.push(`${kubectl} get events --field-selector involvedObject.name=${object}`);
  if (object !== undefined && aftermath.candidate !== "" && aftermath.problem !== undefined) {
    found.push(`${kubectl} logs ${object} --all-containers --tail=100`);
  }
  if (stop.code === "E_QUOTA") found.push(`${kubectl} describe resourcequota`);
  if (stop.code === "E_LOCKED") found.push(`${kubectl} get lease ${leaseName(app)} -o yaml`);
  if (stop.code === "E_CONFLICT" || aftermath.problem !== undefined) {
    found.push(`${kubectl} get service ${service} -o jsonpath='{.spec.selector}'`);
  }
  if (stop.code === "E_CAPACITY" || stop.code === "E_UNSCHEDULABLE") {
    found.push("kubectl get nodes -o custom-columns='NODE:.metadata.name,GPUS:.status.allocatable.nvidia\\.com/gpu'");
  }
  if (evidence !== undefined) found.push(`${kubectl} get configmap ${evidence} -o yaml`);
  return found;
}

function nextUp({ run, stop, aftermath }: Postmortem): string {
  const { inputs } = run;
  if (aftermath.problem !== undefined) return "enters this promotion first and decides by what it finds";
  if (run.stage === "verified") return "verifies the serving revision in place and finishes";
  if (stop.kind === "fail" && isRemembered("fail", stop.code) && inputs.cooldownSeconds > 0) {
    const left = stop.recorded?.coolDownLeftSeconds ?? inputs.cooldownSeconds;
    return `fails at once for ${left} s more, then tries again; change rollout.retryNonce to try sooner`;
  }
  if (stop.code === "E_CAPACITY") return "tries again";
  return "tries the same revision again; going back to the serving one needs no proof";
}
