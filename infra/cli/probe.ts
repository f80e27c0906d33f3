import { closeSync, existsSync, openSync, rmSync, writeFileSync } from "node:fs";
import { systemClock } from "../cluster/system-clock.ts";
import { DeployError, faultLine } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { decide, type GatePolicy } from "../gate/decide.ts";
import type { ProbeReport, VerdictKind } from "../gate/measurement.ts";
import { checkLine, verdictLine } from "../prober/report-console.ts";
import { reportDocument } from "../prober/report-json.ts";
import { checks, runSuite } from "../prober/suite.ts";
import type { Command, CommandWorld } from "./command.ts";
import { expectFields, type ProbeFlags, parseProbeFlags } from "./probe-flags.ts";

const exitOf: Readonly<Record<VerdictKind, ExitCode>> = {
  pass: exitCodes.pass,
  fail: exitCodes.fail,
  inconclusive: exitCodes.inconclusive,
};

/** `keye probe`: the promotion's own suite against any base URL. */
export const probe: Command = {
  name: "probe",
  summary: "asks one engine, or a Service, whether it is fit to serve",
  help: `keye probe --base-url URL [options]

Asks an OpenAI-compatible server the questions that gate a rollout, and says pass, fail or inconclusive.

  --base-url URL         such as http://127.0.0.1:8000 (no /v1)
  --profile NAME         smoke (default), gate or soak
  --expect FIELD=VALUE   what the engine must report of itself; repeat it
                         ${expectFields.slice(0, 5).join(", ")},
                         ${expectFields.slice(5).join(", ")}
  --spec FILE            a probe spec in JSON, as the ConfigMap of a revision holds under probe.json
  --passes N             right answers in a row that are needed (default 1 for smoke, else 3)
  --deadline SECONDS     for everything (default 120 for smoke, else 600)
  --report json=FILE     writes the report
  --json                 prints the report to stdout

The API key, if the server wants one, is read from the environment variable KEYE_API_KEY.

Checks:
${checks.map((check) => `  ${check.name.padEnd(10)} ${check.proves}`).join("\n")}

Exit codes: 0 pass, 1 fail, 2 bad input, 3 inconclusive (no answer, or nothing could be judged),
4 the report cannot be written, 130 cancelled.
`,
  run: runProbe,
};

async function runProbe(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const flags = parseProbeFlags(args);
  if (flags.jsonFile === undefined) return ask(flags, world);
  // Before the engine is asked: nobody waits ten minutes to hear that the verdict cannot be kept.
  const isNew = !existsSync(flags.jsonFile);
  onReport(flags.jsonFile, (file) => closeSync(openSync(file, "a")));
  try {
    return await ask(flags, world);
  } catch (error) {
    if (isNew) rmSync(flags.jsonFile, { force: true });
    throw error;
  }
}

async function ask(flags: ProbeFlags, world: CommandWorld): Promise<ExitCode> {
  const apiKey = world.env.KEYE_API_KEY;
  const target = { name: flags.baseUrl, baseUrl: flags.baseUrl, ...(apiKey === undefined ? {} : { apiKey }) };
  const deadline = AbortSignal.timeout(flags.deadlineSeconds * 1000);
  const report = await runSuite(target, flags.spec, {
    clock: systemClock,
    signal: AbortSignal.any([world.signal, deadline]),
    onMeasurement: (measurement) => world.err(checkLine(measurement)),
  }).catch((error: unknown) => {
    if (!deadline.aborted || world.signal.aborted) throw error;
    throw new DeployError({
      code: "GATE_INCONCLUSIVE",
      where: flags.baseUrl,
      message: `The checks above were all that came back within the deadline of ${flags.deadlineSeconds} s.`,
      hint: "Raise --deadline, or look at the engine's log.",
    });
  });
  const verdict = judge(report);
  world.err(verdictLine(report, verdict));
  const document = JSON.stringify(reportDocument(report, flags.spec, verdict), null, 2);
  if (flags.isJson) world.out(document);
  if (flags.jsonFile !== undefined) onReport(flags.jsonFile, (file) => writeFileSync(file, `${document}\n`));
  return exitOf[verdict.kind];
}

/** One run is all the evidence there will be: what would wait for more is inconclusive. */
function judge(report: ProbeReport): { readonly kind: VerdictKind; readonly reason: string } {
  const verdict = decide(policyFor(report), [report]);
  return verdict.kind === "wait"
    ? { kind: "inconclusive", reason: verdict.reason }
    : { kind: verdict.kind, reason: verdict.reason };
}

/** Any server must answer text and streams; health and identity count where the server or the caller offers them. */
function policyFor(report: ProbeReport): GatePolicy {
  const isAsked = (check: string) => report.measurements.some((m) => m.check === check && m.outcome !== "skipped");
  const optional = ["health", "identity"].filter(isAsked);
  const required = [...optional, "text", "streaming"].map((check) => ({ check, passesInARow: 1 }));
  return { required, failLimit: 0, errorLimit: 0 };
}

function onReport(file: string, write: (file: string) => void): void {
  try {
    write(file);
  } catch (error) {
    throw new DeployError({
      code: "ENV_READ_ONLY",
      where: file,
      message: `The report cannot be written: ${faultLine(error)}.`,
      hint: "Name a file, in a folder that is there and that you may write to.",
      cause: error,
    });
  }
}
