import { readFileSync } from "node:fs";
import { systemClock } from "../cluster/system-clock.ts";
import { DeployError, faultLine } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import type { VerdictKind } from "../gate/measurement.ts";
import { type Baseline, parseBaseline } from "../prober/baseline/document.ts";
import { recordBaseline } from "../prober/baseline/record.ts";
import type { Check } from "../prober/check.ts";
import { verdictLine } from "../prober/reports/console.ts";
import { reportDocument } from "../prober/reports/document.ts";
import { renderReport } from "../prober/reports/formats.ts";
import { freshSeed } from "../prober/suite.ts";
import type { Command, CommandWorld } from "./command.ts";
import { chooseChecks } from "./probe-checks.ts";
import { type Engine, findEngines } from "./probe-engines.ts";
import { type ProbeFlags, parseProbeFlags } from "./probe-flags.ts";
import { probeHelp } from "./probe-help.ts";
import { judgeRun } from "./probe-judge.ts";
import { ReportFiles } from "./probe-reports.ts";
import { probeEngines, targetOf } from "./probe-run.ts";

const exitOf: Readonly<Record<VerdictKind, ExitCode>> = {
  pass: exitCodes.pass,
  fail: exitCodes.fail,
  inconclusive: exitCodes.inconclusive,
};

/** `keye probe`: the promotion's own suite against any base URL, or every pod of a Service. */
export const probe: Command = {
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
  const { flags, checks, baseline, files } = run;
  const seed = flags.seed ?? freshSeed();
  const set = await findEngines(flags.aim, world, systemClock);
  try {
    const { run: asked, pictures, endedBy } = await probeEngines(set, { flags, checks, baseline, seed }, world);
    const verdict = judgeRun(asked.results, set);
    world.err(verdictLine(asked, verdict));
    const { spec, failOn } = flags;
    const document = reportDocument(asked, { spec, verdict, seed, failOn, checks });
    if (flags.isJson) world.out(renderReport("json", document, pictures).trimEnd());
    files.write((format) => renderReport(format, document, pictures));
    if (endedBy === "a signal") world.signal.throwIfAborted();
    const [engine] = set.engines;
    if (flags.record !== undefined && engine !== undefined && verdict.kind === "pass") await record(run, engine, world);
    else if (flags.record !== undefined)
      world.err("No baseline was recorded: only an engine that passes is worth one.");
    return exitOf[verdict.kind];
  } finally {
    set.close();
  }
}

async function record({ flags, record: files }: Run, engine: Engine, world: CommandWorld): Promise<void> {
  const { servedModelName } = flags.spec.expectation;
  const { baseUrl } = await engine.open(world.signal);
  const baseline = await recordBaseline(targetOf(engine, baseUrl, world), {
    clock: systemClock,
    signal: world.signal,
    ...(servedModelName === undefined ? {} : { servedModelName }),
  });
  files.write(() => `${JSON.stringify(baseline, null, 2)}\n`);
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
