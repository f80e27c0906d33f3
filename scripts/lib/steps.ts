import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Milliseconds } from "../../infra/core/units.ts";
import { runChild } from "./child.ts";
import { type Counts, countsOf, skippedTests, type VitestReport } from "./counts.ts";

/** One command of a longer run. */
export interface Step {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** After this long the step is ended and has failed. */
  readonly limit: Milliseconds;
  /** Where the command leaves its counts: Vitest's JSON report, or a {@link Counts} as JSON. */
  readonly counts?: { readonly kind: "vitest" | "counts"; readonly file: string };
}

/** How a step came out. */
export interface StepResult {
  readonly name: string;
  readonly isOk: boolean;
  readonly duration: Milliseconds;
  readonly counts: Counts;
  /** Full names of tests that did not run. */
  readonly skippedTests: readonly string[];
  readonly output: readonly string[];
}

const root = join(import.meta.dirname, "../..");

/** The path of a command that an npm package brings. */
export function packageBin(name: string): string {
  return join(root, "node_modules", ".bin", name);
}

/** A step that runs projects of `vitest.config.ts`. */
export function vitest(run: {
  readonly name: string;
  readonly projects: readonly string[];
  /** Where the JSON report goes. */
  readonly report: string;
  readonly limit: Milliseconds;
}): Step {
  const projects = run.projects.flatMap((project) => ["--project", project]);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${run.report}`];
  return {
    name: run.name,
    command: [packageBin("vitest"), "run", ...projects, ...reporters],
    limit: run.limit,
    counts: { kind: "vitest", file: run.report },
  };
}

/** Runs one step; passes each line of output on as it comes. Rejects only where `signal` aborts. */
export async function runStep(step: Step, onLine: (line: string) => void, signal: AbortSignal): Promise<StepResult> {
  const start = Date.now();
  const output: string[] = [];
  const take = (line: string) => {
    output.push(line);
    onLine(line);
  };
  const limit = AbortSignal.timeout(step.limit);
  // What the toolchain brought comes first, so that a step finds the same tools from whatever shell it is started.
  const path = [join(root, ".toolchain", "bin"), dirname(process.execPath), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, NO_COLOR: "1" };
  let isOk = false;
  try {
    const child = await runChild(step.command, { cwd: root, env, onLine: take }, AbortSignal.any([signal, limit]));
    isOk = child.code === 0;
  } catch (error) {
    signal.throwIfAborted();
    take(limit.aborted ? `ended: it took longer than ${step.limit / 60_000} minutes` : String(error));
  }
  return { name: step.name, isOk, duration: Date.now() - start, output, ...countStep(step, isOk) };
}

/** Runs steps two at a time, in order. */
export async function runStepsInPairs(
  steps: readonly Step[],
  onDone: (result: StepResult) => void,
  signal: AbortSignal,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  const waiting = [...steps];
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const result = await runStep(step, () => {}, signal);
      results.push(result);
      onDone(result);
    }
  };
  await Promise.all([lane(), lane()]);
  return results;
}

/** One line about a step: whether it is well, its name, its duration. */
export function stepLine({ isOk, name, duration }: StepResult): string {
  return `${isOk ? "ok    " : "FAILED"}  ${name.padEnd(24)} ${(duration / 1000).toFixed(1).padStart(7)} s`;
}

function countStep(step: Step, isOk: boolean): Pick<StepResult, "counts" | "skippedTests"> {
  const asOne = { passed: isOk ? 1 : 0, failed: isOk ? 0 : 1, skipped: 0 };
  if (step.counts === undefined || !existsSync(step.counts.file)) return { counts: asOne, skippedTests: [] };
  const written: unknown = JSON.parse(readFileSync(step.counts.file, "utf8"));
  // Both files are written by the step's own command, in the shape that `kind` says.
  if (step.counts.kind === "counts") return { counts: written as Counts, skippedTests: [] };
  const report = written as VitestReport;
  return { counts: countsOf(report), skippedTests: skippedTests(report) };
}
