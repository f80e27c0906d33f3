import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ApiClient } from "../../../infra/cluster/api-client.ts";
import type { Milliseconds } from "../../../infra/core/units.ts";
import { runCommand } from "../../../infra/process/command.ts";
import { findProgram } from "../../../infra/rehearsal/control-plane/tools.ts";
import type { RunningCluster } from "../cluster.ts";
import { type FaultMoment, faultMoment } from "../fault-moment.ts";
import type { AwaiterCase } from "./cases.ts";
import { awaited, plainDeployment } from "./deployment.ts";

/** How a tool judged a rollout that is lost. */
export interface ToolVerdict {
  readonly isGood: boolean;
  readonly from: FaultMoment["from"] | "start";
  /** Since `from`. */
  readonly took: Milliseconds;
  /** Whether we ended it, and not it. */
  readonly isCapped: boolean;
}

export interface ToolVerdicts {
  readonly helm: ToolVerdict;
  /** Undefined where there is no kubectl on PATH. */
  readonly kubectl: ToolVerdict | undefined;
}

/** What is awaited. */
export interface Awaited extends Pick<AwaiterCase, "namespace" | "isSilent"> {
  readonly stackFile: string;
}

/** Beyond every default. */
const cap: Milliseconds = 660_000;

/**
 * Installs the engine of a stack file as a plain Deployment with `helm upgrade --install --wait`, waits for the same one with
 * `kubectl rollout status` beside it, all time-outs at their defaults, and tells how soon each has judged it.
 */
export async function toolVerdicts(
  { state, place }: RunningCluster,
  api: ApiClient,
  { stackFile, namespace, isSilent = false }: Awaited,
): Promise<ToolVerdicts> {
  const chart = writeChart(join(dirname(state.kubeconfig), namespace), await plainDeployment(stackFile, namespace));
  const options = { cwd: place.root, env: place.env, signal: place.signal, timeout: cap };
  const started = performance.now();
  const ended = new AbortController();
  const watched = { namespace, labelSelector: `app=${awaited}`, replicas: 1 };
  const seen = isSilent ? Promise.resolve(undefined) : faultMoment(api, watched, ended.signal);
  const judge = async (file: string, args: readonly string[]): Promise<ToolVerdict> => {
    const { exitCode, output, took } = await runCommand(file, [...args, "--namespace", namespace], options);
    const end = performance.now();
    if (exitCode !== 0 && !(await isThere())) throw new Error(`${file} ended with ${exitCode}:\n${output}`);
    const isGood = exitCode === 0;
    // A tool that calls it good may have seen so a moment before we did.
    const moment = (await (isGood ? seen : Promise.race([seen, pause(0)]))) ?? { at: started, from: "start" as const };
    return { isGood, from: moment.from, took: Math.max(0, end - moment.at), isCapped: took >= cap };
  };
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${awaited}`;
  const isThere = async () => (await api.find({ method: "GET", path }, place.signal)) !== undefined;
  const rollout = async (kubectl: string) => {
    while (!ended.signal.aborted && !(await isThere())) await pause(100);
    return judge(kubectl, ["rollout", "status", `deployment/${awaited}`]);
  };
  const kubectl = findProgram("kubectl", place.env.PATH ?? "");
  try {
    const [helmVerdict, kubectlVerdict] = await Promise.all([
      judge("helm", ["upgrade", "--install", awaited, chart, "--wait"]),
      kubectl === undefined ? undefined : rollout(kubectl),
    ]);
    return { helm: helmVerdict, kubectl: kubectlVerdict };
  } finally {
    ended.abort();
    await seen;
  }
}

/** A chart of one template in which nothing is left to fill in; returns its folder. */
function writeChart(folder: string, deployment: object): string {
  mkdirSync(join(folder, "templates"), { recursive: true });
  writeFileSync(join(folder, "Chart.yaml"), JSON.stringify({ apiVersion: "v2", name: awaited, version: "0.1.0" }));
  writeFileSync(join(folder, "templates", "deployment.yaml"), JSON.stringify(deployment));
  return folder;
}
