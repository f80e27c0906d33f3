import { systemClock } from "../../../infra/cluster/system-clock.ts";
import type { ProbeSpec } from "../../../infra/core/probe-spec.ts";
import type { Milliseconds } from "../../../infra/core/units.ts";
import type { Baseline } from "../../../infra/prober/baseline/document.ts";
import { runSuite } from "../../../infra/prober/suite.ts";
import type { ProbeTarget } from "../../../infra/prober/target.ts";
import { answerQuestions } from "../child-process.ts";
import { peakMiB, residentMiB } from "../memory.ts";

// A prober in a process of its own, so that its memory is nobody else's.

/** Whom to probe, all at once, and how. */
export interface FleetQuestion {
  readonly targets: readonly ProbeTarget[];
  readonly spec: ProbeSpec;
  readonly baseline: Baseline;
}

/** What that took. */
export interface FleetAnswer {
  readonly wall: Milliseconds;
  /** Before the first request, everything loaded. */
  readonly idleMiB: number;
  readonly peakMiB: number;
  /** One line for each check that an engine did not pass. */
  readonly refused: readonly string[];
}

answerQuestions<FleetQuestion>(async ({ targets, spec, baseline }): Promise<FleetAnswer> => {
  const idleMiB = residentMiB(process.pid);
  const signal = new AbortController().signal;
  const started = performance.now();
  const reports = await Promise.all(
    targets.map((target) => runSuite(target, spec, { clock: systemClock, signal, baseline, stopsAtFail: true })),
  );
  const wall = performance.now() - started;
  const bad = reports.flatMap((report) =>
    report.measurements.filter(({ outcome }) => outcome === "fail" || outcome === "error"),
  );
  const refused = bad.map(({ check, reason }) => `${check}: ${reason}`);
  return { wall, idleMiB, peakMiB: peakMiB(process.pid), refused };
});
