import { type BenchPart, inSeconds } from "../part.ts";

/** How soon the embedded cluster is there. */
export const clusterStart: BenchPart = {
  name: "cluster",
  measures: "start of the embedded cluster, from process start to ready nodes",
  async run(bench) {
    const { startedIn } = await bench.cluster.running();
    bench.row("cluster start, process start to nodes ready", inSeconds(startedIn));
  },
};
