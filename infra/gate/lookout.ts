import type { EpochMs, Milliseconds } from "../core/units.ts";
import { withinDeadline } from "./deadline.ts";
import type { ProbeReport } from "./measurement.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** Time between two looks. */
const lookMs: Milliseconds = 5_000;

/** An API server that leaves a look without an answer for so long is away. An attempt of a probe takes several times as long. */
const patienceMs: Milliseconds = 5_000;

/** Why a round of questions is not counted. */
export const awayReason = "The API server was away while engines were asked through it.";

/** What tells an engine that does not answer from a way to it that is cut. */
export interface Lookout {
  /**
   * Whether a report that was begun at `since` says nothing of the engine: an attempt got no answer, none was answered
   * wrongly, and the API server was away meanwhile.
   */
  excuses(report: ProbeReport, since: EpochMs): boolean;
}

/** Runs `body`, and looks meanwhile whether the API server is there, by the Lease that is ours. */
export async function withLookout<T>(
  run: PromotionRun,
  signal: AbortSignal,
  body: (lookout: Lookout) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  let missedAt: EpochMs = Number.NEGATIVE_INFINITY;
  const looking = look(run, AbortSignal.any([signal, over.signal]), () => {
    missedAt = run.ports.clock.now();
  });
  try {
    return await body({
      excuses: ({ measurements }, since) => {
        const critical = measurements.filter(({ severity }) => severity !== "warning");
        const isWrong = critical.some(({ outcome }) => outcome === "fail");
        return missedAt >= since && !isWrong && critical.some(({ outcome }) => outcome === "error");
      },
    });
  } finally {
    over.abort(new Error("nobody is asked any more"));
    await looking;
  }
}

async function look(run: PromotionRun, signal: AbortSignal, onMiss: () => void): Promise<void> {
  const { clock } = run.ports;
  const limit = { clock, milliseconds: patienceMs };
  while (!signal.aborted) {
    try {
      await clock.sleep(lookMs, signal);
      const seen = await withinDeadline(limit, signal, async (inner) => await run.lease?.assertHeld(inner));
      if (seen.kind === "deadline") onMiss();
    } catch {
      // Over; or the server has answered. A Lease that is lost ends the phase by a signal of its own.
    }
  }
}
