import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { loadKubeconfig } from "../../../infra/cluster/kubeconfig.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import type { Milliseconds } from "../../../infra/core/units.ts";
import type { EvidenceDocument } from "../../../infra/gate/evidence.ts";
import { stackOutputs } from "../../../infra/rehearsal/pulumi/pulumi.ts";
import { timeUp } from "../cluster.ts";
import { evidenceOf } from "../evidence-of.ts";
import { type BenchPart, inSeconds } from "../part.ts";
import { probeFleet } from "./fleet.ts";
import { baselineOfHonestEngine } from "./probes.ts";

/** Pods of the candidate. */
const replicas = 2;
/** An odd number, so that one of them is the median. */
const runs = 3;
/** What lies between a candidate that is ready and clients that reach it. */
const between = ["identity", "probe", "recheck", "switch"] as const;

/** What a promotion adds to the answers of the engines that it must wait for. */
export const switching: BenchPart = {
  name: "switch",
  measures: "seconds from a candidate that is ready to switched traffic, against the floor (about two minutes)",
  async run(bench) {
    const cluster = await bench.cluster.deployed();
    const api = new ApiClient(loadKubeconfig({ kubeconfig: cluster.state.kubeconfig }), systemClock);
    try {
      const baseline = await baselineOfHonestEngine(bench.signal);
      const proofs: EvidenceDocument[] = [];
      const floors: Milliseconds[] = [];
      // One after the other, so that both see the same machine.
      for (let run = 0; run < runs; run++) {
        const servedName = { path: ["model", "servedName"], value: `keye-${run}` };
        await timeUp(cluster.place, bench.cluster.stackFile(cluster, [servedName]));
        proofs.push(await evidenceOf(api, await stackOutputs(cluster.place), bench.signal));
        floors.push((await probeFleet(bench, replicas, baseline)).cost.floor);
      }
      const total = medianOf(proofs.map(readyToSwitched));
      const floor = medianOf(floors);
      bench.row(`from ready to switched, median of ${runs}`, inSeconds(total));
      for (const phase of between) {
        const spent = medianOf(proofs.map((proof) => secondsIn(proof, phase) * 1000));
        if (spent > 0) bench.row(`  of which ${phase}`, `${(spent / 1000).toFixed(2).padStart(6)} s`);
      }
      const ratio = `ratio ${(total / floor).toFixed(2)}`;
      bench.row(`floor: ${replicas} engines' own answers, median of ${runs}`, inSeconds(floor), ratio);
    } finally {
      api.close();
    }
  },
};

function readyToSwitched({ phases }: EvidenceDocument): Milliseconds {
  const ready = phases.findLast(({ name }) => name === "ready");
  const switched = phases.findLast(({ name }) => name === "switch");
  if (ready === undefined || switched === undefined) throw new Error("the evidence names no ready and no switch");
  return endOf(switched) - endOf(ready);
}

function endOf({ startedAt, seconds }: EvidenceDocument["phases"][number]): Milliseconds {
  return Date.parse(startedAt) + seconds * 1000;
}

function secondsIn({ phases }: EvidenceDocument, phase: (typeof between)[number]): number {
  return phases.filter(({ name }) => name === phase).reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Of {@link runs} numbers. */
function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[(numbers.length - 1) / 2] ?? 0;
}
