import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseDocument } from "yaml";
import { runCommand } from "../../../infra/process/command.ts";
import { defaultNodes, type NodeShape } from "../../../infra/rehearsal/nodes.ts";
import { initStack, type PulumiPlace } from "../../../infra/rehearsal/pulumi/pulumi.ts";
import { BenchCluster, type RunningCluster } from "../cluster.ts";
import { type BenchPart, inSeconds } from "../part.ts";
import { type TreeUse, watchTree } from "../process-tree.ts";

const counts = [1, 10, 100];
const [pools, nodesPerPool] = [10, 100];
/** An odd number, so that one preview is the median. */
const runs = 3;

/** What one more model costs a preview. */
export const models: BenchPart = {
  name: "models",
  measures: `preview of ${counts.join(", ")} models in one program, on ${pools} node pools and ${pools * nodesPerPool} nodes (about six minutes)`,
  async run({ root, signal, print }) {
    await using cluster = new BenchCluster({
      root,
      signal,
      name: "bench-models",
      nodes: Array.from({ length: pools }, shapeOf),
    });
    const running = await cluster.running();
    const place = { ...running.place, root: join(root, "scripts", "bench", "models"), stack: "models" };
    await initStack(place);
    const preview = (count: number, prePull: boolean) =>
      previewModels(running, place, settingsFile(root, running, { count, prePull }));
    // The first one compiles what later ones find compiled.
    await preview(1, false);
    print(`\n  models, median of ${runs}     preview processor  resources   memory  of which`);
    const medians: Preview[] = [];
    for (const count of counts) {
      const tried: Preview[] = [];
      for (let run = 0; run < runs; run++) tried.push(await preview(count, false));
      // The middle one of as many as there were runs.
      const median = tried.sort((a, b) => a.took - b.took)[(runs - 1) / 2] as Preview;
      medians.push(median);
      print(`  ${String(count).padEnd(20)} ${columnsOf(median)}`);
    }
    print(`  1, and a pre-pull    ${columnsOf(await preview(1, true))}`);
    for (const [index, count] of counts.entries()) {
      const [before, after] = [medians[index - 1], medians[index]];
      const more = count - (counts[index - 1] ?? 0);
      if (before === undefined || after === undefined) continue;
      const seconds = ((after.took - before.took) / 1000 / more).toFixed(2);
      const busy = ((after.use.busy - before.use.busy) / 1000 / more).toFixed(2);
      const mib = ((after.use.totalMiB - before.use.totalMiB) / more).toFixed(1);
      print(
        `  each model from ${counts[index - 1]} to ${count}: ${seconds} s, ${busy} s of processor time, ${mib} MiB`,
      );
    }
    print("");
  },
};

function shapeOf(_: unknown, index: number): NodeShape {
  // The first of the default shapes is that of the GPU nodes.
  const [gpuNodes] = defaultNodes as readonly [NodeShape, ...NodeShape[]];
  return { ...gpuNodes, name: `pool-${index}`, count: nodesPerPool, labels: { [poolLabel]: `pool-${index}` } };
}

const poolLabel = "bench.keye-stack.dev/pool";

interface ModelsSettings {
  readonly count: number;
  /** Whether each model has a Job for each node that pulls its image. */
  readonly prePull: boolean;
}

/** The rehearsal's settings for that many models on all pools; returns the file. */
function settingsFile(root: string, { state }: RunningCluster, { count, prePull }: ModelsSettings): string {
  const document = parseDocument(readFileSync(join(root, "Pulumi.rehearsal.yaml"), "utf8"));
  const nodePools = Array.from({ length: pools }, (_, index) => {
    const name = `pool-${index}`;
    return { name, selector: { [poolLabel]: name }, gpusPerNode: 8, minNodes: nodesPerPool };
  });
  document.setIn(["config", "keye-stack:models"], count);
  document.setIn(["config", "keye-stack:stack", "nodePools"], nodePools);
  document.setIn(["config", "keye-stack:stack", "supply"], { prePull });
  const file = join(dirname(state.kubeconfig), "Pulumi.models.yaml");
  writeFileSync(file, document.toString());
  return file;
}

interface Preview {
  readonly took: number;
  /** What it would create. */
  readonly resources: number;
  readonly use: TreeUse;
}

async function previewModels({ state }: RunningCluster, place: PulumiPlace, file: string): Promise<Preview> {
  const args = ["preview", "--non-interactive", "--color=never", "--stack", place.stack, "--config-file", file];
  const options = { cwd: place.root, env: place.env, signal: place.signal };
  const { result, use } = await watchTree([state.supervisor.pid], () => runCommand("pulumi", args, options));
  if (result.exitCode !== 0) {
    // The plans of a hundred models are long.
    const errors = result.output.split("\n").filter((line) => line.includes("error"));
    throw new Error(`pulumi preview ended with ${result.exitCode}:\n${errors.join("\n")}`);
  }
  return { took: result.took, resources: Number(/\+ (\d+) to create/.exec(result.output)?.[1] ?? 0), use };
}

function columnsOf({ took, resources, use }: Preview): string {
  const largest = [...use.programs].toSorted(([, a], [, b]) => b - a).slice(0, 4);
  const parts = largest.map(([program, mib]) => `${program} ${mib}`).join(", ");
  return `${inSeconds(took)}  ${inSeconds(use.busy)} ${String(resources).padStart(10)} ${String(use.totalMiB).padStart(5)} MiB  ${parts}`;
}
