import type { CrossCheck, Finding } from "../cross-check.ts";
import type { StackConfig } from "../stack-config.ts";

const deadlines = "rollout.deadlines";

/** Rules about rollout and gate. */
export const rolloutChecks: readonly CrossCheck[] = [
  {
    name: "canary-replicas",
    sentence: "`rollout.strategy` is `canary` only with two `replicas` or more.",
    reads: ["rollout.strategy", "replicas"],
    find: canaryReplicas,
  },
  {
    name: "phases-in-total",
    sentence: "`rollout.deadlines.totalSeconds` is at least the sum of the other deadlines.",
    reads: [deadlines],
    find: phasesInTotal,
  },
  {
    name: "startup-in-ready",
    sentence: "`rollout.deadlines.readySeconds` is at least `engine.startupSeconds`.",
    reads: [`${deadlines}.readySeconds`, "engine.startupSeconds"],
    find: startupInReady,
  },
  {
    name: "drain-in-grace",
    sentence:
      "`engine.terminationGraceSeconds` is at least `rollout.deadlines.drainLimitSeconds`, and that is at least `drainSeconds`.",
    reads: [`${deadlines}.drainSeconds`, `${deadlines}.drainLimitSeconds`, "engine.terminationGraceSeconds"],
    find: drainInGrace,
  },
  {
    name: "profile-fits-promotion",
    sentence: "`gate.profile` is not `soak`, whose bad requests spoil an engine for service.",
    reads: ["gate.profile"],
    find: profileFitsPromotion,
  },
];

function canaryReplicas({ rollout, replicas }: StackConfig): readonly Finding[] {
  if (rollout.strategy !== "canary" || replicas >= 2) return [];
  const message = `"canary" with ${replicas} replica, wanted replicas of 2 or more: one serves while another is replaced.`;
  const hint = "Use auto, blueGreen where GPUs are free for both revisions, or recreate, which has an outage.";
  return [{ path: "rollout.strategy", message, hint }];
}

function phasesInTotal({ rollout }: StackConfig): readonly Finding[] {
  const { readySeconds, probeSeconds, verifySeconds, soakSeconds, drainSeconds, drainLimitSeconds, totalSeconds } =
    rollout.deadlines;
  const phases = [readySeconds, probeSeconds, verifySeconds, soakSeconds, Math.max(drainSeconds, drainLimitSeconds)];
  const sum = phases.reduce((total, phase) => total + phase, 0);
  if (totalSeconds >= sum) return [];
  const message = `got ${totalSeconds} seconds, wanted at least ${sum}, the sum of the phases (${phases.join(" + ")}).`;
  const hint = `Set it to ${sum} or more, or shorten a phase; phases that are not set count with their defaults.`;
  return [{ path: `${deadlines}.totalSeconds`, message, hint }];
}

function startupInReady({ rollout, engine }: StackConfig): readonly Finding[] {
  const { readySeconds } = rollout.deadlines;
  const { startupSeconds } = engine;
  if (readySeconds >= startupSeconds) return [];
  const message = `got ${readySeconds} seconds, wanted at least engine.startupSeconds, ${startupSeconds}.`;
  const hint = "Raise it: a candidate that starts in the time it is allowed must not be rejected for being late.";
  return [{ path: `${deadlines}.readySeconds`, message, hint }];
}

function drainInGrace({ rollout, engine }: StackConfig): readonly Finding[] {
  const { drainSeconds, drainLimitSeconds } = rollout.deadlines;
  const { terminationGraceSeconds } = engine;
  if (drainLimitSeconds < drainSeconds) {
    const message = `got ${drainLimitSeconds} seconds, wanted at least drainSeconds, ${drainSeconds}.`;
    return [{ path: `${deadlines}.drainLimitSeconds`, message, hint: "The latest cannot come before the earliest." }];
  }
  if (terminationGraceSeconds >= drainLimitSeconds) return [];
  const message = `got ${terminationGraceSeconds} seconds, wanted at least rollout.deadlines.drainLimitSeconds, ${drainLimitSeconds}.`;
  const hint =
    "Raise it: the kubelet kills running requests after the grace period; the authors' clients wait up to 1800 seconds.";
  return [{ path: "engine.terminationGraceSeconds", message, hint }];
}

/** A request that the engine refuses after admitting it stays in its drain table for ever. */
function profileFitsPromotion({ gate }: StackConfig): readonly Finding[] {
  if (gate.profile !== "soak") return [];
  const message =
    '"soak" sends bad requests, which keep an engine from ever draining; such an engine may not be promoted.';
  const hint = "Use gate here, and run the soak profile with keye probe against an engine that you throw away.";
  return [{ path: "gate.profile", message, hint }];
}
