import { join } from "node:path";
import type { Baseline } from "../../../infra/prober/baseline/document.ts";
import { rogueSpec } from "../../../test/support/rogues.ts";
import { BenchProcess } from "../child-process.ts";
import { BenchEngines } from "../engines.ts";
import type { FleetAnswer, FleetQuestion } from "../fleet-prober/index.ts";
import type { Bench, BenchPart } from "../part.ts";
import { costColumns, costHeads, costOf, type ProbeCost } from "../probe-row.ts";
import { baselineOfHonestEngine } from "./probes.ts";

const pods = [1, 64];

/** What one prober holds in memory while it probes many pods at once. */
export const fleet: BenchPart = {
  name: "fleet",
  measures: `the gate profile against ${pods.join(" and ")} pods at once: the same, and the prober's peak memory`,
  async run(bench) {
    const baseline = await baselineOfHonestEngine(bench.signal);
    bench.print(`\n  gate, pods at once    ${costHeads}   prober's memory, idle to peak`);
    for (const count of pods) await probeAtOnce(bench, count, baseline);
    bench.print("");
  },
};

async function probeAtOnce(bench: Bench, count: number, baseline: Baseline): Promise<void> {
  const { cost, idleMiB, peakMiB } = await probeFleet(bench, count, baseline);
  bench.print(`  ${String(count).padEnd(20)}  ${costColumns(cost)}   ${idleMiB} to ${peakMiB} MiB`);
}

/** What one prober took for so many engines at once that have just started. Throws where one of them did not pass. */
export async function probeFleet(
  { signal }: Bench,
  count: number,
  baseline: Baseline,
): Promise<Pick<FleetAnswer, "idleMiB" | "peakMiB"> & { readonly cost: ProbeCost }> {
  await using engines = await BenchEngines.start(count, signal);
  await using prober = new BenchProcess(join(import.meta.dirname, "..", "fleet-prober", "index.ts"), [], signal);
  const question: FleetQuestion = { targets: engines.targets, spec: rogueSpec, baseline };
  const { wall, refused, ...memory } = await prober.ask<FleetAnswer>(question);
  if (refused.length > 0) throw new Error(`honest engines were refused ${refused.length} times, first: ${refused[0]}`);
  return { ...memory, cost: costOf(wall, await engines.takeAnswers()) };
}
