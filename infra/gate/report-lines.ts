import { leaseName } from "../core/names.ts";
import type { Aftermath } from "./aftermath.ts";
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
const ownHeadline = ["E_CAPACITY", "E_SUPPLY", "E_CONFLICT", "E_POSTVERIFY", "E_LOCKED"];

/** Width of the column of labels. */
const labelWidth = 10;

/** The first line: what happened, machine-readable up to the colon. */
function headline({ run, stop, phase, aftermath }: Postmortem): string {
  const subject = `${stop.where}: ${stop.reason}`;
  if (aftermath.problem !== undefined)
    return `E_ROLLBACK_FAILED phase=${phase} code=${stop.code}: ${aftermath.problem}`;
  if (stop.kind === "cancelled") return `E_CANCELLED phase=${phase}: ${cancelText(run, aftermath)}`;
  const back = backText(aftermath);
  if (ownHeadline.includes(stop.code)) return `${stop.code} phase=${phase}: ${back}${subject}`;
  const verdict = stop.kind === "fail" ? "GATE_FAILED" : "GATE_INCONCLUSIVE";
  return `${verdict} phase=${phase} code=${stop.code}: ${back}${subject}`;
}

/**
 * The whole text for people: the headline, what to turn, the engine's last words, each pod, what serves, where the
 * evidence is, what to type, what comes next.
 */
export function postmortem(parts: Postmortem): string {
  const { run, stop, aftermath } = parts;
  const first = aftermath.problem === undefined ? "" : `${stop.where}: ${stop.reason}`;
  return [
    headline(parts),
    ...row("first came", first),
    ...row("cure", stop.hint ?? ""),
    ...block("details", stop.details, ""),
    ...block("log", stop.logTail, "| "),
    ...block("pods", podLines(parts), ""),
    ...row("candidate", `revision ${run.inputs.revision}: ${aftermath.candidate}`),
    ...row("serving", aftermath.serving),
    ...row("phases", phasesText(run)),
    ...row("evidence", evidenceText(parts)),
    ...block("look", commands(parts), ""),
    ...row("next up", nextUp(parts)),
  ].join("\n");
}

function row(label: string, text: string): string[] {
  return text === "" ? [] : [`  ${label.padEnd(labelWidth)} ${text}`];
}

function block(label: string, lines: readonly string[], mark: string): string[] {
  return lines.flatMap((line, index) => row(index === 0 ? label : "", `${mark}${line}`));
}

/** What undoing has brought back, as the headline's `rolled back in 3.2 s, restored aaaaaaaaaa to 4 in 93 s: `. */
function backText({ switchedBackSeconds, restored, outageSeconds }: Aftermath): string {
  if (restored?.seconds !== undefined && outageSeconds !== undefined) {
    return `rolled back, outage ${Math.round(outageSeconds)} s: `;
  }
  const parts = [
    ...(switchedBackSeconds === undefined ? [] : [`rolled back in ${switchedBackSeconds} s`]),
    ...(restored === undefined ? [] : [restoredText(restored)]),
  ];
  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}

function restoredText({ revision, replicas, seconds }: NonNullable<Aftermath["restored"]>): string {
  return seconds === undefined
    ? `asked ${revision} back to ${replicas}, not waited for`
    : `restored ${revision} to ${replicas} in ${seconds} s`;
}

function cancelText(run: PromotionRun, aftermath: Aftermath): string {
  const { switchedBackSeconds, restored, isRampLeft, outageSeconds, serving } = aftermath;
  if (restored !== undefined && outageSeconds !== undefined) {
    return `${restored.revision} restoring: asked back to ${restored.replicas}, not waited for.`;
  }
  if (isRampLeft === true) return `nothing more was switched; ${serving}.`;
  const asked = restored === undefined ? "" : `; ${restoredText(restored)}`;
  if (switchedBackSeconds !== undefined) return `switched back in ${switchedBackSeconds} s${asked}.`;
  if (run.stage === "verified") return `the candidate serves and has proven it; ${run.previous} was not retired yet.`;
  return serving === "" ? "nothing was begun." : `nothing was switched${asked}.`;
}

/** Every pod with the last that is known of it: what the probes said, else how far it came. */
function podLines({ run, stop }: Postmortem): string[] {
  const measured = new Map(run.measured.map(({ name, verdict, reason }) => [name, `${verdict}: ${reason}`]));
  const pods = new Map([...run.lastSeen, ...measured]);
  // The headline tells this one's story already.
  const named = /(?:^|\/)pod\/([^/]+)$/.exec(stop.where)?.[1];
  return [...pods].map(([name, text]) => `${name}: ${name === named ? "see above" : shorten(text)}`);
}

function shorten(text: string): string {
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

/** Phases that took time, and the one that ended it all. */
function phasesText({ timeline }: PromotionRun): string {
  return timeline
    .map((phase) => ({ ...phase, seconds: (phase.finishedAt - phase.startedAt) / 1000 }))
    .filter(({ seconds, outcome }) => seconds >= 0.1 || outcome !== "pass")
    .map(({ name, seconds, outcome }) => `${name} ${seconds.toFixed(1)} s${outcome === "pass" ? "" : ` (${outcome})`}`)
    .join(", ");
}

function evidenceText({ evidence, evidenceProblem, run }: Postmortem): string {
  if (evidenceProblem !== undefined) return `could not be recorded: ${evidenceProblem}`;
  return evidence === undefined ? "" : `ConfigMap ${run.ref.namespace}/${evidence}`;
}

function commands({ run, stop, evidence, aftermath }: Postmortem): string[] {
  const { namespace, service, app } = run.ref;
  const kubectl = `kubectl -n ${namespace}`;
  const pod = /(?:^|\/)pod\/([^/]+)$/.exec(stop.where)?.[1];
  const isUndone = aftermath.problem === undefined;
  const found: string[] = [];
  if (pod !== undefined) found.push(`${kubectl} get events --field-selector involvedObject.name=${pod}`);
  if (pod !== undefined && !isUndone) found.push(`${kubectl} logs ${pod} --all-containers --tail=100`);
  if (stop.code === "E_QUOTA") found.push(`${kubectl} describe resourcequota`);
  if (stop.code === "E_LOCKED") found.push(`${kubectl} get lease ${leaseName(app)} -o yaml`);
  if (stop.code === "E_CONFLICT" || !isUndone) {
    found.push(`${kubectl} get service ${service} -o jsonpath='{.spec.selector}'`);
  }
  if (stop.code === "E_UNSCHEDULABLE") found.push("kubectl describe nodes");
  if (evidence !== undefined) found.push(`${kubectl} get configmap ${evidence} -o jsonpath='{.data.evidence\\.json}'`);
  return found;
}

function nextUp({ run, stop, aftermath }: Postmortem): string {
  const { cooldownSeconds } = run.inputs;
  if (aftermath.problem !== undefined) return "enters this promotion first and decides by what it finds";
  if (aftermath.isRampLeft === true) return "goes on with the ramp as it finds it";
  if (run.stage === "verified") return "verifies the serving revision in place and finishes";
  const { restored, outageSeconds } = aftermath;
  if (restored !== undefined && restored.seconds === undefined && outageSeconds !== undefined) {
    return `waits until ${restored.revision} serves again, then tries this revision`;
  }
  if (stop.kind === "fail" && isRemembered("fail", stop.code) && cooldownSeconds > 0) {
    const left = stop.recorded?.coolDownLeftSeconds ?? cooldownSeconds;
    return `fails at once for ${left} s more, then tries again; change rollout.retryNonce to try sooner`;
  }
  return "tries this revision again";
}
