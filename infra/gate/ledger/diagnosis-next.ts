import { evidenceName, noRevision } from "../../core/names.ts";
import type { PromotionInputs } from "../../core/promotion-inputs.ts";
import { activeOf } from "../app-view.ts";
import { coolDownLeft } from "../negative-cache.ts";
import type { RevisionStanding, RolloutFacts } from "./standing.ts";

/** What the settings ask for. */
export type PendingRollout = Pick<
  PromotionInputs,
  "app" | "revision" | "probeHash" | "replicas" | "strategy" | "cooldownSeconds" | "retryNonce"
>;

/** What the settings ask for, or why that is not known: the rest of a sentence, without its full stop. */
export type PendingOrReason = { readonly pending: PendingRollout } | { readonly because: string };

/** What the next update meets. */
export interface NextUpScene {
  readonly facts: RolloutFacts;
  readonly standings: readonly RevisionStanding[];
  readonly isRunning: boolean;
}

/** What the next `pulumi up` does with these settings; a sentence without its full stop. */
export function nextUpText(scene: NextUpScene, known: PendingOrReason): string {
  const { facts, isRunning } = scene;
  if (isRunning) return `is refused with E_LOCKED while ${facts.lease?.holder ?? "the other run"} promotes`;
  if ("because" in known) return known.because;
  const { pending } = known;
  const { traffic } = facts.observation;
  if (traffic.kind === "ramp") return rampText(pending, traffic);
  return activeOf(facts.observation) === pending.revision ? inPlaceText(scene, pending) : candidateText(scene, pending);
}

function rampText({ revision }: PendingRollout, { from, to }: { readonly from: string; readonly to: string }): string {
  if (revision === to) return `goes on with the ramp from ${from} to ${to}`;
  if (revision === from) return `takes the ramp back: ${from} serves alone again`;
  return `ends the ramp from ${from} to ${to}, then proves ${revision}`;
}

function inPlaceText({ facts, standings }: NextUpScene, pending: PendingRollout): string {
  const { revision, replicas } = pending;
  const evidence = evidenceOn(facts, pending);
  const isEmpty = standings.some((one) => one.revision === revision && one.exists && one.asked === 0);
  if (isEmpty) return `takes ${revision} from 0 to ${replicas} replicas, and proves it in place`;
  if (evidence?.isUnfinished) return `verifies ${revision} in place, and finishes what the last run began`;
  if (evidence?.verdict !== "pass") return `proves ${revision} in place: these probes have no pass on record`;
  if (evidence.replicas === replicas) return `promotes nothing: ${revision} serves and is proven by these probes`;
  return `scales ${revision} from ${evidence.replicas} to ${replicas} replicas, and proves it in place`;
}

function candidateText({ facts, standings }: NextUpScene, pending: PendingRollout): string {
  const { revision, replicas, strategy, cooldownSeconds } = pending;
  const rejected = coolDownLeft(pending, evidenceOn(facts, pending), facts.now);
  if (rejected !== undefined) {
    const left = cooldownSeconds - rejected.agoSeconds;
    return `fails at once for ${left} s more (${rejected.code}: ${rejected.reason.replace(/\.$/, "")}), unless rollout.retryNonce changes`;
  }
  const running = standings.find((one) => one.revision === revision);
  const begins =
    (running?.asked ?? 0) > 0 ? `goes on with ${running?.ready} of ${running?.asked} pods ready` : "starts its pods";
  const active = activeOf(facts.observation);
  const replaces = active === noRevision ? "and lets it serve" : `and replaces ${active} by ${strategy}`;
  const isBack = running?.role === "kept" ? ", which has been promoted before," : "";
  return `takes ${revision}${isBack} to ${replicas} replicas: ${begins}, proves every one ${replaces}`;
}

function evidenceOn({ ledger }: RolloutFacts, { app, revision, probeHash }: PendingRollout) {
  const name = evidenceName(app, revision, probeHash);
  return ledger.entries.find((entry) => entry.name === name)?.evidence;
}
