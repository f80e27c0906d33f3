import { systemClock } from "../../../infra/cluster/system-clock.ts";
import type { ProbeSpec } from "../../../infra/core/probe-spec.ts";
import type { Baseline } from "../../../infra/prober/baseline/document.ts";
import { recordBaseline } from "../../../infra/prober/baseline/record.ts";
import { runSuite } from "../../../infra/prober/suite.ts";
import { rogueSpec } from "../../../test/support/rogues.ts";
import { BenchEngines } from "../engines.ts";
import type { Bench, BenchPart } from "../part.ts";
import { costColumns, costHeads, costOf, type ProbeCost } from "../probe-row.ts";

const profiles: readonly ProbeSpec["profile"][] = ["smoke", "gate", "soak"];
/** An odd number, so that one run is the median. */
const runs = 3;

/** What each profile costs, with an engine that has just started. */
export const probes: BenchPart = {
  name: "probes",
  measures: "each profile of the prober against an engine simulator: wall time, floor, requests, bytes",
  async run(bench) {
    const baseline = await baselineOfHonestEngine(bench.signal);
    bench.print(`\n  profile, median of ${runs}  ${costHeads}`);
    for (const profile of profiles) {
      const costs: ProbeCost[] = [];
      for (let seed = 1; seed <= runs; seed++) costs.push(await probeFreshEngine(bench, { profile, baseline, seed }));
      costs.sort((a, b) => a.wall - b.wall);
      // The middle one of as many as there were runs.
      bench.print(`  ${profile.padEnd(20)}  ${costColumns(costs[(runs - 1) / 2] as ProbeCost)}`);
    }
    bench.print("");
  },
};

/** What `golden` compares with. */
export async function baselineOfHonestEngine(signal: AbortSignal): Promise<Baseline> {
  await using engines = await BenchEngines.start(1, signal);
  return await recordBaseline(engines.targets[0], { clock: systemClock, signal, servedModelName: "keye" });
}

async function probeFreshEngine(
  { signal }: Bench,
  { profile, baseline, seed }: { profile: ProbeSpec["profile"]; baseline: Baseline; seed: number },
): Promise<ProbeCost> {
  await using engines = await BenchEngines.start(1, signal);
  // It is thrown away afterwards, so that `soak` may ask everything.
  const spec: ProbeSpec = { ...rogueSpec, profile, isDisposable: profile === "soak" };
  const started = performance.now();
  const report = await runSuite(engines.targets[0], spec, { clock: systemClock, signal, baseline, seed });
  const wall = performance.now() - started;
  const bad = report.measurements.find(({ outcome }) => outcome === "fail" || outcome === "error");
  if (bad !== undefined) throw new Error(`${profile}: an honest engine did not pass ${bad.check}: ${bad.reason}`);
  return costOf(wall, await engines.takeAnswers());
}
