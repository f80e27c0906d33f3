import type { ClockPhase } from "../../core/phase-budgets.ts";
import type { EpochMs, Seconds } from "../../core/units.ts";
import type { EvidenceDocument } from "../../gate/evidence.ts";
import type { PodClock } from "../../gate/phase-clock.ts";
import type { PhaseName } from "../../gate/phases.ts";
import type { Level } from "../../rehearsal/copy/capacity-watch.ts";
import { type LowWater, lowWater } from "../../rehearsal/copy/low-water.ts";

/** One phase of a rehearsed rollout; one that comes several times is one row. */
export interface TimelineRow {
  readonly phase: PhaseName;
  readonly times: number;
  /** As it passed in the rehearsal. */
  readonly seconds: Seconds;
  /** What it may take on the target; absent where the rehearsal tells nothing about that. */
  readonly targetSeconds?: Seconds;
  readonly lowWater: LowWater;
}

/** How rehearsed time becomes time on the target. */
export interface TimeScale {
  /** Simulated seconds in one second of the rehearsal, while engines start. */
  readonly speed: number;
  /** Waits as the stack sets them. */
  readonly soakSeconds: Seconds;
  readonly drainSeconds: Seconds;
}

/** Phases of a pod's start that pass at the speed of the simulation. Probes have their own pace. */
const simulatedPhases: readonly ClockPhase[] = ["pull", "load", "jit", "graphs"];

/** Phases whose length is the business of the rehearsal's machine alone; they take seconds anywhere. */
const brief: readonly PhaseName[] = [
  "lock",
  "watchdog",
  "observe",
  "preflight",
  "park",
  "scale",
  "recheck",
  "switch",
  "evidence",
  "unlock",
];

/** The phases of a record in the order in which they first came, with the least that there was meanwhile. */
export function timelineOf(
  { phases, clocks = [] }: Pick<EvidenceDocument, "phases" | "clocks">,
  levels: readonly Level[],
  scale: TimeScale,
): readonly TimelineRow[] {
  const named = Map.groupBy(phases, ({ name }) => name);
  return [...named].map(([phase, entries]) => {
    const seconds = entries.reduce((sum, entry) => sum + entry.seconds, 0);
    const marks = entries.map((entry) => {
      const from: EpochMs = Date.parse(entry.startedAt);
      return lowWater(levels, from, from + entry.seconds * 1000);
    });
    const targetSeconds = onTarget({ phase, times: entries.length, seconds }, clocks, scale);
    return {
      phase,
      times: entries.length,
      seconds,
      ...(targetSeconds === undefined ? {} : { targetSeconds }),
      lowWater: {
        servingReplicas: Math.min(...marks.map(({ servingReplicas }) => servingReplicas)),
        freeGpus: Math.min(...marks.map(({ freeGpus }) => freeGpus)),
      },
    };
  });
}

function onTarget(
  { phase, times, seconds }: Pick<TimelineRow, "phase" | "times" | "seconds">,
  clocks: readonly PodClock[],
  { speed, soakSeconds, drainSeconds }: TimeScale,
): Seconds | undefined {
  if (brief.includes(phase)) return seconds;
  if (phase === "soak") return soakSeconds;
  // Where all old pods go at once, their drain has begun with the switch.
  if (phase === "retire" && times === 1) return Math.max(0, drainSeconds - soakSeconds);
  if (phase !== "ready" || clocks.length === 0) return undefined;
  const starts = clocks.map(({ spans }) =>
    spans.filter((span) => simulatedPhases.includes(span.phase)).reduce((sum, span) => sum + span.seconds * speed, 0),
  );
  // Pods of one step start together, those of several one after another.
  return times === 1 ? Math.max(...starts) : starts.reduce((sum, one) => sum + one, 0);
}
