import type { EpochMs, Seconds } from "../../core/units.ts";
import type { Level } from "./capacity-watch.ts";

/** The least that there was over some time. */
export interface LowWater {
  readonly servingReplicas: number;
  readonly freeGpus: number;
}

/** The least between two moments: what there was when they began, and every change until they ended. */
export function lowWater(levels: readonly Level[], from: EpochMs, to: EpochMs): LowWater {
  const first = levels.findLastIndex(({ at }) => at <= from);
  const seen = levels.slice(Math.max(0, first)).filter(({ at }, index) => index === 0 || at < to);
  return {
    servingReplicas: Math.min(...seen.map(({ serving }) => serving)),
    freeGpus: Math.min(...seen.map(({ freeGpus }) => freeGpus)),
  };
}

/** How long nobody served between two moments. */
export function outage(levels: readonly Level[], from: EpochMs, to: EpochMs): Seconds {
  const spans = levels.map((level, index) => {
    const end = levels[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    const seconds = (Math.min(end, to) - Math.max(level.at, from)) / 1000;
    return level.serving === 0 ? Math.max(0, seconds) : 0;
  });
  return spans.reduce((sum, seconds) => sum + seconds, 0);
}
