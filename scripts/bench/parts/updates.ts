import { join } from "node:path";
import type { Milliseconds } from "../../../infra/core/units.ts";
import { initStack, type PulumiPlace } from "../../../infra/rehearsal/pulumi/pulumi.ts";
import { timeUp } from "../cluster.ts";
import { type BenchPart, inSeconds } from "../part.ts";

/** What an update costs, beside a program that has as many objects and does nothing else. */
export const updates: BenchPart = {
  name: "updates",
  measures: "a cold and an unchanged update, beside a bare Pulumi program with as many objects",
  async run(bench) {
    const cluster = await bench.cluster.deployed();
    bench.row("cold update: everything created, proven, promoted", inSeconds(cluster.deployedIn));
    const unchanged = await medianUp(cluster.place, bench.cluster.stackFile(cluster, []));
    const bare = { ...cluster.place, root: join(bench.root, "scripts", "bench", "bare"), stack: "bare" };
    await initStack(bare);
    const bareFile = join(bare.root, "Pulumi.bare.yaml");
    await timeUp(bare, bareFile);
    const floor = await medianUp(bare, bareFile);
    bench.row("update with nothing changed, median of 3", inSeconds(unchanged));
    bench.row("the same for a bare program", inSeconds(floor), `ratio ${(unchanged / floor).toFixed(2)}`);
  },
};

async function medianUp(place: PulumiPlace, file: string): Promise<Milliseconds> {
  const times = [await timeUp(place, file), await timeUp(place, file), await timeUp(place, file)];
  // Three numbers have a middle one.
  return times.sort((a, b) => a - b)[1] as number;
}
