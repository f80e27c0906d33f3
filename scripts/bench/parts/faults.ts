import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { loadKubeconfig } from "../../../infra/cluster/kubeconfig.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { stackOutputs } from "../../../infra/rehearsal/pulumi/pulumi.ts";
import { faultCases } from "../fault-cases.ts";
import { ourVerdict } from "../our-verdict.ts";
import { type BenchPart, inSeconds } from "../part.ts";

/** How soon an update fails once a candidate's pod is lost. */
export const faults: BenchPart = {
  name: "faults",
  measures: "seconds from a pod's fault to the failed update, for each class of fault (about 20 s each)",
  async run(bench) {
    const cluster = await bench.cluster.deployed();
    const api = new ApiClient(loadKubeconfig({ kubeconfig: cluster.state.kubeconfig }), systemClock);
    try {
      const { activeRevision } = await stackOutputs(cluster.place);
      const trial = { bench: bench.cluster, cluster, api, stable: String(activeRevision) };
      bench.print("\n  fault of a candidate's pod                     to the failed update   code");
      for (const fault of faultCases) {
        const { code, from, took } = await ourVerdict(trial, fault);
        const time = from === "start" ? "not seen" : inSeconds(took);
        const verdict = code === fault.code ? code : `UNEXPECTED: ${code}`;
        bench.row(fault.name, time, `from ${from.padEnd(12)} ${verdict}`);
      }
      bench.print("");
    } finally {
      api.close();
    }
  },
};
