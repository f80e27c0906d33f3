import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { loadKubeconfig } from "../../../infra/cluster/kubeconfig.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { pulumiUp, stackOutputs } from "../../../infra/rehearsal/pulumi/pulumi.ts";
import type { RunningCluster } from "../cluster.ts";
import { type FaultCase, faultCases } from "../fault-cases.ts";
import { faultMoment } from "../fault-moment.ts";
import { type Bench, type BenchPart, inSeconds } from "../part.ts";

/** How soon an update fails once a candidate's pod is lost. */
export const faults: BenchPart = {
  name: "faults",
  measures: "seconds from a pod's fault to the failed update, for each class of fault (about 20 s each)",
  async run(bench) {
    const cluster = await bench.cluster.deployed();
    const api = new ApiClient(loadKubeconfig({ kubeconfig: cluster.state.kubeconfig }), systemClock);
    try {
      const { activeRevision } = await stackOutputs(cluster.place);
      bench.print("\n  fault of a candidate's pod                     to the failed update   code");
      for (const fault of faultCases) {
        await measureFault(bench, fault, { api, cluster, stable: String(activeRevision) });
      }
      bench.print("");
    } finally {
      api.close();
    }
  },
};

async function measureFault(
  bench: Bench,
  fault: FaultCase,
  { api, cluster, stable }: { readonly api: ApiClient; readonly cluster: RunningCluster; readonly stable: string },
): Promise<void> {
  const ended = new AbortController();
  const moment = faultMoment(api, stable, ended.signal);
  const result = await pulumiUp(cluster.place, bench.cluster.stackFile(cluster, fault.changes));
  const end = performance.now();
  ended.abort();
  const seen = await moment;
  const headline = /\b(?:GATE_\w+|E_\w+) phase=[^\n]*/.exec(result.output)?.[0] ?? "no diagnosis";
  const verdict = headline.includes(`code=${fault.code}`) ? fault.code : `UNEXPECTED: ${headline}`;
  const time = seen === undefined ? "not seen" : inSeconds(end - seen.at);
  bench.row(fault.name, time, `from ${(seen?.from ?? "").padEnd(12)} ${verdict}`);
}
