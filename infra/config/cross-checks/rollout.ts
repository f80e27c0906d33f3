import type { CrossCheck, Finding } from "../cross-check.ts";
import type { StackConfig } from "../stack-config.ts";

const deadlines = "rollout.deadlines";

/** Rules about rollout and gate. */
export const rolloutChecks: readonly CrossCheck[] = [
  {
    name: "strategy-available",
    sentence:
      "`rollout.strategy` is `blueGreen`, or `auto`, which is refused where it comes to another; the others are not available yet.",
    reads: ["rollout.strategy"],
    find: strategyAvailable,
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
    sentence: "`engine.terminationGraceSeconds` is at least `rollout.deadlines.drainSeconds`.",
    reads: [`${deadlines}.drainSeconds`, "engine.terminationGraceSeconds"],
    find: drainInGrace,
  },
  {
    name: "profile-fits-promotion",
    sentence: "`gate.profile` is not `soak`, whose bad requests spoil an engine for service.",
    reads: ["gate.profile"],
    find: profileFitsPromotion,
  },
];

function strategyAvailable({ rollout }: StackConfig): readonly Finding[] {
  if (rollout.strategy === "blueGreen" || rollout.strategy === "auto") return [];
  const message = `"${rollout.strategy}" is not available yet in this version.`;
  const hint = "Use blueGreen, or auto; both need free GPUs for the old and the new replicas at once.";
  return [{ path: "rollout.strategy", message, hint }];
}

function phasesInTotal({ rollout }: StackConfig): readonly Finding[] {
  const { readySeconds, probeSeconds, verifySeconds, soakSeconds, drainSeconds, totalSeconds } = rollout.deadlines;
  const phases = [readySeconds, probeSeconds, verifySeconds, soakSeconds, drainSeconds];
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
  const { drainSeconds } = rollout.deadlines;
  const { terminationGraceSeconds } = engine;
  if (terminationGraceSeconds >= drainSeconds) return [];
  const message = `got ${terminationGraceSeconds} seconds, wanted at least rollout.deadlines.drainSeconds, ${drainSeconds}.`;
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
