import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, threadId, Worker, workerData } from "node:worker_threads";
import { recordBaseline } from "../../infra/prober/baseline/record.ts";
import { inLanes } from "../../infra/prober/lanes.ts";
import { checks, runSuite } from "../../infra/prober/suite.ts";
import { fastClock, rogueSpec, startRogue } from "./rogues.ts";

/** Simulated seconds in a real one. */
const factor = 1000;
/** Runs at once: while one waits for a stream, another draws. */
const lanes = 4;
/** Checks whose every question comes from the seed, and which take milliseconds. */
const quick: readonly string[] = ["text", "streaming", "fluency", "long-prompt", "image", "burst"];
/** Every so often the whole profile is asked: films alone take longer than all quick checks together. */
const wholeEvery = 10;

/** Runs of the suite, one a seed. */
export interface SeededRuns {
  readonly seeds: readonly number[];
  /** Of the engine; absent for an honest one. */
  readonly fault?: string;
}

/**
 * Runs the suite once with each seed against one engine, in a thread of its own: every tenth seed asks the whole profile
 * `gate`, the others its quick checks. Says what did not pass, with its seed.
 */
export function flawsOf(runs: SeededRuns): Promise<readonly string[]> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: runs });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the thread ended with ${code} and said nothing`)));
  });
}

async function runAll({ seeds, fault }: SeededRuns): Promise<readonly string[]> {
  const options = { clock: fastClock(factor), signal: new AbortController().signal };
  // Threads share their process's number, which other tests' addresses are made of.
  const address = `127.${1 + (process.pid % 250)}.251.${1 + (threadId % 250)}`;
  await using engine = await startRogue(fault, factor, { address });
  const baseline =
    fault === undefined
      ? await recordBaseline(engine.target, { ...options, servedModelName: "keye", runs: 2 })
      : undefined;
  const known = baseline === undefined ? {} : { baseline };
  const spec = { ...rogueSpec, consecutivePasses: 1 };
  const flaws = await inLanes(seeds.length, lanes, async (index) => {
    const seed = seeds[index] ?? 0;
    const asked = checks.filter(({ name }) => seed % wholeEvery === 0 || quick.includes(name));
    const { measurements } = await runSuite(engine.target, spec, { ...options, ...known, seed, checks: asked });
    return measurements
      .filter(({ outcome }) => outcome === "fail" || outcome === "error")
      .map(({ check, reason }) => `seed ${seed}, ${check}: ${reason}`);
  });
  return flaws.flat();
}

// What the thread does, with what flawsOf gave it.
if (!isMainThread) parentPort?.postMessage(await runAll(workerData as SeededRuns));
