import type { EpochMs } from "../core/units.ts";

/** The phases of a promotion, in order. A promotion may go through `ready` to `recheck` more than once. */
export const phaseNames = [
  "lock",
  "observe",
  "preflight",
  "park",
  "supply",
  "watchdog",
  "empty",
  "ramp",
  "scale",
  "ready",
  "identity",
  "probe",
  "recheck",
  "switch",
  "endpoints",
  "traffic",
  "soak",
  "retire",
  "restore",
  "evidence",
  "unlock",
] as const;

/** One of {@link phaseNames}. */
export type PhaseName = (typeof phaseNames)[number];

/** One phase that has ended. */
export interface PhaseRecord {
  readonly name: PhaseName;
  readonly startedAt: EpochMs;
  readonly finishedAt: EpochMs;
  readonly outcome: "pass" | "fail" | "inconclusive" | "cancelled" | "lost";
}

/**
 * How far a promotion has come in what it changed, which decides what undoing means.
 *
 * `untouched`: nothing written. `scaled`: the candidate may run. `switching`: the switch was asked for, the answer is not
 * known. `switched`: clients reach the candidate. `verified`: the candidate serves and has proven it; nothing is undone.
 */
export type Stage = "untouched" | "scaled" | "switching" | "switched" | "verified";
