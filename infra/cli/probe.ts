import { readFileSync } from "node:fs";
import { systemClock } from "../cluster/system-clock.ts";
import { DeployError, faultLine } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import type { Measurement, ProbeReport, VerdictKind } from "../gate/measurement.ts";
import { type Baseline, parseBaseline } from "../prober/baseline/document.ts";
import { recordBaseline } from "../prober/baseline/record.ts";
import type { Check } from "../prober/check.ts";
import { checkLine, verdictLine } from "../prober/reports/console.ts";
import { reportDocument } from "../prober/reports/document.ts";
import { renderReport, type SentPicture } from "../prober/reports/formats.ts";
import type { ProbePicture } from "../prober/session.ts";
import { freshSeed, runSuite } from "../prober/suite.ts";
import type { ProbeTarget } from "../prober/target.ts";
import type { Command, CommandWorld } from "./command.ts";
import { chooseChecks } from "./probe-checks.ts";
import { type ProbeFlags, parseProbeFlags } from "./probe-flags.ts";
import { probeHelp } from "./probe-help.ts";
import { judge } from "./probe-judge.ts";
import { ReportFiles } from "./probe-reports.ts";

const exitOf: Readonly<Record<VerdictKind, ExitCode>> = {
  pass: exitCodes.pass,
  fail: exitCodes.fail,
  inconclusive: exitCodes.inconclusive,
};

/** `keye probe`: the promotion's own suite against any base URL. */
export const probe: Command = {
  name: "probe",
  summary: "asks one engine, or a Service, whether it is fit to serve",
  help: probeHelp,
  run: runProbe,
};

async function runProbe(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const flags = parseProbeFlags(args);
  const checks = chooseChecks(flags);
  const baseline = flags.baseline === undefined ? undefined : readBaseline(flags.baseline);
  // Before the engine is asked: nobody waits ten minutes to hear that the verdict cannot be kept.
  const files = ReportFiles.open(flags.reports);
  try {
    const record = ReportFiles.open(flags.record === undefined ? [] : [{ format: "json", file: flags.record }]);
    try {
      return await ask({ flags, checks, baseline, files, record }, world);
    } finally {
      record.close();
    }
  } finally {
    files.close();
  }
}

interface Run {
  readonly flags: ProbeFlags;
  readonly checks: readonly Check[];
  readonly baseline: Baseline | undefined;
  readonly files: ReportFiles;
  /** Holds one file, or none where nothing is recorded. */
  readonly record: ReportFiles;
}

async function ask(run: Run, world: CommandWorld): Promise<ExitCode> {
  const { flags, checks, files } = run;
  const seed = flags.seed ?? freshSeed();
  const pictures: SentPicture[] = [];
  const { report, endedBy } = await measureWithin({ ...run, seed }, world, (picture) =>
    pictures.push({ ...picture, target: flags.baseUrl }),
  );
  const verdict = endedBy === undefined ? judge(report, flags) : judgePart(report, { flags, checks, endedBy });
  world.err(verdictLine(report, verdict));
  const { spec, failOn } = flags;
  const asked = { ...report, results: [{ report, verdict }] };
  const document = reportDocument(asked, { spec, verdict, seed, failOn, checks });
  if (flags.isJson) world.out(renderReport("json", document, pictures).trimEnd());
  files.write((format) => renderReport(format, document, pictures));
  if (endedBy === "a signal") world.signal.throwIfAborted();
  if (flags.record !== undefined && verdict.kind === "pass") await record(run, world);
  else if (flags.record !== undefined) world.err("No baseline was recorded: only an engine that passes is worth one.");
  return exitOf[verdict.kind];
}

async function record({ flags, record }: Run, world: CommandWorld): Promise<void> {
  const { servedModelName } = flags.spec.expectation;
  const baseline = await recordBaseline(targetOf(flags, world), {
    clock: systemClock,
    signal: world.signal,
    ...(servedModelName === undefined ? {} : { servedModelName }),
  });
  record.write(() => `${JSON.stringify(baseline, null, 2)}\n`);
  world.err(`The baseline of ${baseline.goldens.length} golden prompts is in ${flags.record}.`);
}

function readBaseline(file: string): Baseline {
  try {
    return parseBaseline(readFileSync(file, "utf8"), file);
  } catch (error) {
    if (error instanceof DeployError) throw error;
    const message = `Cannot read it: ${faultLine(error)}.`;
    throw new DeployError({ code: "CONFIG_FILE", where: file, message, cause: error });
  }
}

function targetOf({ baseUrl }: ProbeFlags, { env }: CommandWorld): ProbeTarget {
  const apiKey = env.KEYE_API_KEY;
  return { name: baseUrl, baseUrl, ...(apiKey === undefined ? {} : { apiKey }) };
}

/** What ended a run before its last check. */
type EarlyEnd = "the deadline" | "a signal";

/** Runs the suite. What came back before an early end is a report too: it is needed most where the engine hangs. */
async function measureWithin(
  { flags, checks, baseline, seed }: Run & { readonly seed: number },
  world: CommandWorld,
  onPicture: (picture: ProbePicture) => void,
): Promise<{ readonly report: ProbeReport; readonly endedBy: EarlyEnd | undefined }> {
  const target = targetOf(flags, world);
  const deadline = AbortSignal.timeout(flags.deadlineSeconds * 1000);
  const startedAt = systemClock.now();
  const measurements: Measurement[] = [];
  const onMeasurement = (measurement: Measurement) => {
    measurements.push(measurement);
    world.err(checkLine(measurement));
  };
  const signal = AbortSignal.any([world.signal, deadline]);
  try {
    const known = baseline === undefined ? {} : { baseline };
    const options = { clock: systemClock, signal, seed, checks, onMeasurement, onPicture, ...known };
    return { report: await runSuite(target, flags.spec, options), endedBy: undefined };
  } catch (error) {
    if (!signal.aborted) throw error;
    const report = { target: target.name, startedAt, finishedAt: systemClock.now(), measurements };
    return { report, endedBy: world.signal.aborted ? "a signal" : "the deadline" };
  }
}

/** A wrong answer that came in time is a wrong answer; everything else is left open. */
function judgePart(
  report: ProbeReport,
  { flags, checks, endedBy }: Pick<Run, "flags" | "checks"> & { readonly endedBy: EarlyEnd },
): { readonly kind: VerdictKind; readonly reason: string } {
  const soFar = judge(report, flags);
  if (soFar.kind === "fail") return soFar;
  const running = checks[report.measurements.length]?.name ?? "the last check";
  const count = `${report.measurements.length} of ${checks.length} checks were done`;
  const ended = `ended the run in ${running}; ${count}.`;
  const reason =
    endedBy === "a signal"
      ? `a signal ${ended}`
      : `the deadline of ${flags.deadlineSeconds} s ${ended} Raise --deadline, or look at the engine's log.`;
  return { kind: "inconclusive", reason };
}
