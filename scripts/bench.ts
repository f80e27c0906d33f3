import { cpus } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { exitCodes } from "../infra/core/exit-codes.ts";
import { kubernetesProvider } from "../infra/rehearsal/environment.ts";
import { BenchCluster } from "./bench/cluster.ts";
import type { Bench, BenchPart } from "./bench/part.ts";
import { awaiters } from "./bench/parts/awaiters.ts";
import { clusterStart } from "./bench/parts/cluster.ts";
import { faults } from "./bench/parts/faults.ts";
import { fleet } from "./bench/parts/fleet.ts";
import { headroom } from "./bench/parts/headroom.ts";
import { memory } from "./bench/parts/memory.ts";
import { models } from "./bench/parts/models.ts";
import { probes } from "./bench/parts/probes.ts";
import { switching } from "./bench/parts/switch.ts";
import { timeline } from "./bench/parts/timeline.ts";
import { updates } from "./bench/parts/updates.ts";
import { interruptible } from "./lib/interrupt.ts";

/**
 * Every part, in the order in which they run: `memory` is worth most after what comes before it, and after `timeline` the
 * stack has other settings.
 */
const parts: readonly BenchPart[] = [
  clusterStart,
  updates,
  switching,
  faults,
  memory,
  probes,
  fleet,
  headroom,
  timeline,
  models,
  awaiters,
];

const help = `Usage: npm run bench [-- --only part[,part…]]

Measures on this machine, with clusters of its own that it starts and ends; ${probes.name}, ${fleet.name} and ${headroom.name} need none:

${parts.map(({ name, measures }) => `  ${name.padEnd(10)}${measures}`).join("\n")}

  --only    these parts alone; may be given several times`;

const print = (line: string) => console.log(line);

await interruptible(main);

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: "string", multiple: true }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    print(help);
    return exitCodes.pass;
  }
  const wanted = values.only?.flatMap((names) => names.split(",")) ?? parts.map(({ name }) => name);
  const unknown = wanted.filter((name) => parts.every((part) => part.name !== name));
  if (unknown.length > 0) {
    console.error(
      `--only: there is no part "${unknown.join('", "')}". Known: ${parts.map(({ name }) => name).join(", ")}.`,
    );
    return exitCodes.badInput;
  }
  const root = resolve(import.meta.dirname, "..");
  await using cluster = new BenchCluster({ root, signal });
  const row: Bench["row"] = (name, value, remark = "") => print(`  ${name.padEnd(46)} ${value}  ${remark}`.trimEnd());
  print(
    `${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}; kubernetes provider: ${kubernetesProvider(process.env)}`,
  );
  const chosen = parts.filter(({ name }) => wanted.includes(name));
  for (const part of chosen) await part.run({ root, signal, cluster, print, row });
  return exitCodes.pass;
}
