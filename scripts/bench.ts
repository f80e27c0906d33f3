import { cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ApiClient } from "../infra/cluster/api-client.ts";
import { loadKubeconfig } from "../infra/cluster/kubeconfig.ts";
import { systemClock } from "../infra/cluster/system-clock.ts";
import { kubernetesProvider, rehearsalEnvironment } from "../infra/rehearsal/environment.ts";
import type { RehearsalState } from "../infra/rehearsal/state.ts";
import { faultMoment } from "./bench/fault-moment.ts";
import { type FaultCase, faultCases } from "./bench/faults.ts";
import { residentMemory } from "./bench/memory.ts";
import { interruptible } from "./lib/interrupt.ts";
import { initStack, type PulumiPlace, pulumiUp, stackOutputs } from "./story/pulumi.ts";
import { endRehearsal, type RehearsalProcess, startRehearsal } from "./story/rehearsal-process.ts";
import { writeStackFile } from "./story/stack-file.ts";

const root = resolve(import.meta.dirname, "..");

const help = `Usage: npm run bench [-- --no-faults]

Measures on this machine: start of the embedded cluster, a cold and an unchanged update (beside a bare Pulumi program with
as many objects), seconds from a pod's fault to the failed update for each class of fault, and resident memory.

  --no-faults  leaves the faults out (they take about 20 s each)`;

const print = (line: string) => console.log(line);
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1).padStart(6)} s`;
const row = (name: string, value: string, note = "") => print(`  ${name.padEnd(46)} ${value}  ${note}`.trimEnd());

await interruptible(bench);

async function bench(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { "no-faults": { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help) {
    print(help);
    return 0;
  }
  const rehearsal: RehearsalProcess = { root, name: "bench", signal };
  print(
    `${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}; kubernetes provider: ${kubernetesProvider(process.env)}`,
  );
  const started = performance.now();
  const state = await startRehearsal(rehearsal);
  try {
    row("cluster start, process start to nodes ready", seconds(performance.now() - started));
    const env = rehearsalEnvironment(state, process.env);
    const place: PulumiPlace = { root, env, stack: "rehearsal", signal, say: () => {} };
    await measureUpdates(place, state);
    if (!values["no-faults"]) await measureFaults(place, state);
    measureMemory(state);
    return 0;
  } finally {
    await endRehearsal(rehearsal);
  }
}

async function measureUpdates(place: PulumiPlace, state: RehearsalState): Promise<void> {
  await initStack(place);
  const file = writeStackFile(root, dirname(state.kubeconfig), []);
  row("cold update: everything created, proven, promoted", seconds(await timeUp(place, file)));
  const unchanged = await medianUp(place, file);
  const bare: PulumiPlace = { ...place, root: join(root, "scripts", "bench", "bare"), stack: "bare" };
  await initStack(bare);
  const bareFile = join(bare.root, "Pulumi.bare.yaml");
  await timeUp(bare, bareFile);
  const floor = await medianUp(bare, bareFile);
  row("update with nothing changed, median of 3", seconds(unchanged));
  row("the same for a bare program", seconds(floor), `ratio ${(unchanged / floor).toFixed(2)}`);
}

async function medianUp(place: PulumiPlace, file: string): Promise<number> {
  const times = [await timeUp(place, file), await timeUp(place, file), await timeUp(place, file)];
  // Three numbers have a middle one.
  return times.sort((a, b) => a - b)[1] as number;
}

async function timeUp(place: PulumiPlace, file: string): Promise<number> {
  const result = await pulumiUp(place, file);
  if (result.exitCode !== 0) throw new Error(`pulumi up ended with ${result.exitCode}:\n${result.output}`);
  return result.took;
}

async function measureFaults(place: PulumiPlace, state: RehearsalState): Promise<void> {
  const api = new ApiClient(loadKubeconfig({ kubeconfig: state.kubeconfig }), systemClock);
  try {
    const { activeRevision } = await stackOutputs(place);
    print("\n  fault of a candidate's pod                     to the failed update   code");
    for (const fault of faultCases) await measureFault(place, fault, { api, state, stable: String(activeRevision) });
    print("");
  } finally {
    api.close();
  }
}

async function measureFault(
  place: PulumiPlace,
  fault: FaultCase,
  on: { readonly api: ApiClient; readonly state: RehearsalState; readonly stable: string },
): Promise<void> {
  const ended = new AbortController();
  const moment = faultMoment(on.api, on.stable, ended.signal);
  const result = await pulumiUp(place, writeStackFile(root, dirname(on.state.kubeconfig), fault.changes));
  const end = performance.now();
  ended.abort();
  const seen = await moment;
  const headline = /\b(?:GATE_\w+|E_\w+) phase=[^\n]*/.exec(result.output)?.[0] ?? "no diagnosis";
  const verdict = headline.includes(`code=${fault.code}`) ? fault.code : `UNEXPECTED: ${headline}`;
  const time = seen === undefined ? "not seen" : seconds(end - seen.at);
  row(fault.name, time, `from ${(seen?.from ?? "").padEnd(12)} ${verdict}`);
}

function measureMemory(state: RehearsalState): void {
  const memory = residentMemory(state);
  const total = Object.values(memory).reduce((sum, mib) => sum + mib, 0);
  const parts = Object.entries(memory).map(([name, mib]) => `${name} ${mib}`);
  row("resident memory of the whole rehearsal", `${total} MiB`, `(${parts.join(", ")})`);
}
