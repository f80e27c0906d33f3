import { normalLine } from "./recording.ts";
import type { Answer, EngineUnderTest } from "./support.ts";

/** How long an answer took, coarsely: what a probe's time-out would notice. */
export function timeClass(ms: number): "at once" | "a second" | "seconds" | "20 s" | "longer" {
  if (ms < 950) return "at once";
  if (ms < 1_900) return "a second";
  if (ms < 19_500) return "seconds";
  return ms < 21_000 ? "20 s" : "longer";
}

/** The answer as the recordings name it. */
export function resultOf(answer: Answer): string {
  if (answer.failure === "ECONNREFUSED") return "ECONNREFUSED";
  return answer.failure === "cut" ? "connection closed without a byte" : String(answer.status);
}

/** A run of equal answers of one path, with the classes of their latencies. */
export interface PollRun {
  readonly result: string;
  readonly times: Set<string>;
}

/** Polls `paths` once a simulated second until the engine has ended or `seconds` are over; equal answers count once. */
export async function pollRuns<Path extends string>(
  engine: EngineUnderTest,
  paths: readonly Path[],
  seconds: number,
): Promise<Readonly<Record<Path, readonly PollRun[]>>> {
  const asked = paths.map((path) => ({ path, answers: [] as Promise<Answer>[] }));
  for (let second = 0; second < seconds && engine.exit === undefined; second++) {
    for (const { path, answers } of asked) answers.push(engine.ask(path));
    await engine.advance(1);
  }
  const entries = asked.map(async ({ path, answers }) => [path, runsOf(await Promise.all(answers))] as const);
  // Every path has its entry.
  return Object.fromEntries(await engine.settle(Promise.all(entries), 60)) as Record<Path, readonly PollRun[]>;
}

function runsOf(answers: readonly Answer[]): readonly PollRun[] {
  const runs: PollRun[] = [];
  for (const answer of answers) {
    const result = resultOf(answer);
    if (runs.at(-1)?.result !== result) runs.push({ result, times: new Set() });
    runs.at(-1)?.times.add(timeClass(answer.tookMs));
  }
  return runs;
}

/** The log, comparable with a recorded one. */
export function logOf(engine: EngineUnderTest): readonly string[] {
  return engine.lines.map(normalLine);
}
