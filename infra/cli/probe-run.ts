import { systemClock } from "../cluster/system-clock.ts";
import { DeployError } from "../core/errors.ts";
import type { Measurement } from "../gate/measurement.ts";
import type { Baseline } from "../prober/baseline/document.ts";
import type { Check } from "../prober/check.ts";
import { inLanes } from "../prober/lanes.ts";
import { checkLine, verdictLine } from "../prober/reports/console.ts";
import type { ProbeRun, TargetResult } from "../prober/reports/document.ts";
import type { SentPicture } from "../prober/reports/formats.ts";
import { runSuite } from "../prober/suite.ts";
import type { ProbeTarget } from "../prober/target.ts";
import { explained } from "../rollgate/prober-port.ts";
import type { CommandWorld } from "./command.ts";
import type { Engine, EngineSet } from "./probe-engines.ts";
import type { ProbeFlags } from "./probe-flags.ts";
import { type EarlyEnd, judge, judgePart } from "./probe-judge.ts";

/** What every engine of a run is asked. */
export interface ProbeQuestions {
  readonly flags: ProbeFlags;
  readonly checks: readonly Check[];
  readonly baseline: Baseline | undefined;
  /** The same for all engines: their answers can be held against each other. */
  readonly seed: number;
}

/** What came of a run. */
export interface ProbeOutcome {
  readonly run: ProbeRun;
  readonly pictures: readonly SentPicture[];
  /** What ended it before its last check. */
  readonly endedBy: EarlyEnd | undefined;
}

/**
 * Asks every engine of a set, as many at once as it says, and judges each. What came back before an early end is reported
 * too: it is needed most where an engine hangs.
 */
export async function probeEngines(
  set: EngineSet,
  questions: ProbeQuestions,
  world: CommandWorld,
): Promise<ProbeOutcome> {
  const { engines, target, parallel } = set;
  const { flags } = questions;
  const deadline = AbortSignal.timeout(flags.deadlineSeconds * 1000);
  const signal = AbortSignal.any([world.signal, deadline]);
  const pictures: SentPicture[] = [];
  const startedAt = systemClock.now();
  const results = await inLanes(engines.length, parallel, async (index): Promise<TargetResult> => {
    const engine = engines[index];
    // `inLanes` counts up to the length.
    if (engine === undefined) throw new Error(`no engine ${index}`);
    const isOnly = flags.aim.kind === "url";
    const tell = (line: string) => world.err(isOnly ? line : `${engine.name}: ${line}`);
    const result = await probeOne(engine, questions, { world, signal, tell, onPicture: (one) => pictures.push(one) });
    if (!isOnly) world.err(verdictLine(result.report, result.verdict));
    return result;
  });
  const endedBy = world.signal.aborted ? "a signal" : deadline.aborted ? "the deadline" : undefined;
  return { run: { target, startedAt, finishedAt: systemClock.now(), results }, pictures, endedBy };
}

interface OneRun {
  readonly world: CommandWorld;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
  readonly onPicture: (picture: SentPicture) => void;
}

async function probeOne(engine: Engine, questions: ProbeQuestions, one: OneRun): Promise<TargetResult> {
  const { flags, checks, baseline, seed } = questions;
  const { world, signal, tell, onPicture } = one;
  const startedAt = systemClock.now();
  const measurements: Measurement[] = [];
  const soFar = () => ({
    target: engine.name,
    ...(engine.podUid === undefined ? {} : { podUid: engine.podUid }),
    startedAt,
    finishedAt: systemClock.now(),
    measurements,
  });
  try {
    signal.throwIfAborted();
    const passage = await engine.open(signal);
    try {
      const report = await runSuite(targetOf(engine, passage.baseUrl, world), flags.spec, {
        clock: systemClock,
        signal,
        seed,
        checks,
        ...(baseline === undefined ? {} : { baseline }),
        onMeasurement: (measurement) => {
          measurements.push(measurement);
          tell(checkLine(measurement));
        },
        onPicture: (picture) => onPicture({ ...picture, target: engine.name }),
      });
      const told = explained(report, passage);
      return { report: told, verdict: judge(told, flags) };
    } finally {
      await passage.close();
    }
  } catch (error) {
    const report = soFar();
    if (signal.aborted) {
      const endedBy: EarlyEnd = world.signal.aborted ? "a signal" : "the deadline";
      return { report, verdict: judgePart(report, { flags, checks, endedBy }) };
    }
    // One pod that cannot be reached must not take the reports of the others with it.
    if (!(error instanceof DeployError) || engine.podUid === undefined) throw error;
    return { report, verdict: { kind: "inconclusive", reason: error.message } };
  }
}

/** The engine as a prober asks it; the API key comes from the environment. */
export function targetOf({ name, podUid }: Engine, baseUrl: string, { env }: CommandWorld): ProbeTarget {
  const apiKey = env.KEYE_API_KEY;
  return {
    name,
    baseUrl,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(podUid === undefined ? {} : { podUid }),
  };
}
