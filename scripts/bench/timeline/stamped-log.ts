import { type ClockPhase, clockPhases } from "../../../infra/core/phase-budgets.ts";
import type { EpochMs, Seconds } from "../../../infra/core/units.ts";
import { importSeconds } from "../../../infra/rehearsal/engine/startup/plan.ts";
import { clockPhaseOf } from "../../../infra/status/clock-phase.ts";
import { readProgress } from "../../../infra/status/engine-log.ts";

/** A line of a log, and when it was written. */
export interface StampedLine {
  readonly at: EpochMs;
  readonly text: string;
}

/** The lines of a log that was asked for with timestamps. */
export function stampedLines(log: string): readonly StampedLine[] {
  return log
    .trimEnd()
    .split("\n")
    .map((line) => {
      const gap = line.indexOf(" ");
      return { at: Date.parse(line.slice(0, gap)), text: line.slice(gap + 1) };
    });
}

/**
 * Simulated seconds that an engine was in each phase of its start, by its log, read as a promotion reads it. The imports before
 * the first line count as loading.
 */
export function startupSpans(lines: readonly StampedLine[], speed: number): ReadonlyMap<ClockPhase, Seconds> {
  const spans = new Map<ClockPhase, Seconds>([["load", importSeconds]]);
  for (const [index, { at }] of lines.entries()) {
    const next = lines[index + 1];
    const read = lines.slice(0, index + 1).map(({ text }) => text);
    const progress = readProgress(read.join("\n"));
    if (next === undefined || progress.phase === "ready") break;
    const phase = clockPhaseOf({ pod: "", uid: "", phase: "starting", detail: "", restarts: 0, progress });
    if (phase !== undefined) spans.set(phase, (spans.get(phase) ?? 0) + ((next.at - at) / 1000) * speed);
  }
  return new Map(clockPhases.flatMap((phase) => (spans.has(phase) ? [[phase, spans.get(phase) ?? 0] as const] : [])));
}
