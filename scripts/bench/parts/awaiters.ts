import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { loadKubeconfig } from "../../../infra/cluster/kubeconfig.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { gpuResource } from "../../../infra/core/names.ts";
import { defaultNodes } from "../../../infra/rehearsal/nodes.ts";
import { stackOutputs } from "../../../infra/rehearsal/pulumi/pulumi.ts";
import { type AwaiterCase, awaiterCases } from "../awaiters/cases.ts";
import { type ToolVerdict, type ToolVerdicts, toolVerdicts } from "../awaiters/tools.ts";
import { BenchCluster } from "../cluster.ts";
import { type OurVerdict, ourVerdict, type Trial } from "../our-verdict.ts";
import type { Bench, BenchPart } from "../part.ts";

/** Each of the others' candidates takes two GPUs. */
const nodes = defaultNodes.map((shape) => (shape.gpu === undefined ? shape : { ...shape, count: 5 }));
const stableGpus = 4;

/** How soon a lost rollout is known for one, beside what else people wait with. */
export const awaiters: BenchPart = {
  name: "awaiters",
  measures: "seconds from fault to verdict, beside helm --wait and kubectl rollout status (about eleven minutes)",
  async run({ root, signal, print }: Bench) {
    await using bench = new BenchCluster({ root, signal, name: "bench-awaiters", nodes });
    const cluster = await bench.deployed();
    const api = new ApiClient(loadKubeconfig({ kubeconfig: cluster.state.kubeconfig }), systemClock);
    try {
      const { activeRevision } = await stackOutputs(cluster.place);
      const trial = { bench, cluster, api, stable: String(activeRevision) };
      const theirs: Promise<ToolVerdicts>[] = [];
      for (const one of awaiterCases) {
        await makeNamespace(trial, one, signal);
        // Read before the next case changes it.
        const stackFile = bench.stackFile(cluster, one.changes);
        theirs.push(toolVerdicts(cluster, api, { ...one, stackFile }));
      }
      // What fails is told below; until then others may fail too.
      for (const one of theirs) one.catch(() => {});
      const ours: OurVerdict[] = [];
      for (const one of awaiterCases) ours.push(await underQuota(trial, one, () => ourVerdict(trial, one)));
      printTable(print, ours, await Promise.all(theirs));
    } finally {
      api.close();
    }
  },
};

async function makeNamespace({ api }: Trial, { namespace, hasQuota }: AwaiterCase, signal: AbortSignal): Promise<void> {
  const body = { kind: "Namespace", metadata: { name: namespace } };
  await api.call({ method: "POST", path: "/api/v1/namespaces", body }, signal);
  if (hasQuota) await makeQuota(api, { namespace, gpus: 0 }, signal);
}

interface Quota {
  readonly namespace: string;
  readonly gpus: number;
}

const quotaName = "bench";

async function makeQuota(api: ApiClient, { namespace, gpus }: Quota, signal: AbortSignal): Promise<void> {
  const spec = { hard: { [`requests.${gpuResource}`]: String(gpus) } };
  const body = { kind: "ResourceQuota", metadata: { name: quotaName }, spec };
  await api.call({ method: "POST", path: `/api/v1/namespaces/${namespace}/resourcequotas`, body }, signal);
}

/** Our namespace has the stable revision too: a quota leaves it what it has. */
async function underQuota<T>({ api, cluster }: Trial, { hasQuota }: AwaiterCase, act: () => Promise<T>): Promise<T> {
  if (!hasQuota) return act();
  const { signal } = cluster.place;
  await makeQuota(api, { namespace: "keye", gpus: stableGpus }, signal);
  try {
    return await act();
  } finally {
    await api.call({ method: "DELETE", path: `/api/v1/namespaces/keye/resourcequotas/${quotaName}` }, signal);
  }
}

function printTable(print: Bench["print"], ours: readonly OurVerdict[], theirs: readonly ToolVerdicts[]): void {
  print("\n| fault | keye-stack | helm upgrade --wait | kubectl rollout status |\n| --- | --- | --- | --- |");
  for (const [index, { name }] of awaiterCases.entries()) {
    const [own, other] = [ours[index], theirs[index]];
    if (own === undefined || other === undefined) continue;
    print(`| ${name} | ${ownText(own)} | ${toolText(other.helm)} | ${toolText(other.kubectl)} |`);
  }
  print("");
}

const fromText = { fault: "", ready: " from ready", start: " from the start" };

function ownText({ code, from, took }: OurVerdict): string {
  return `${secondsText(took)}${fromText[from]}, \`${code}\``;
}

function toolText(verdict: ToolVerdict | undefined): string {
  if (verdict === undefined) return "not run: no kubectl on PATH";
  const { isGood, from, took, isCapped } = verdict;
  if (isGood) return `calls it good, ${secondsText(took)}${fromText[from]}`;
  return `${isCapped ? "over " : ""}${secondsText(took)}${fromText[from]}`;
}

function secondsText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return `${seconds < 100 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}
