import type { ApiClient } from "../../infra/cluster/api-client.ts";
import { revisionLabel } from "../../infra/core/names.ts";
import type { Milliseconds } from "../../infra/core/units.ts";
import { pulumiUp } from "../../infra/rehearsal/pulumi/pulumi.ts";
import type { Setting } from "../story/stack-file.ts";
import type { BenchCluster, DeployedCluster } from "./cluster.ts";
import { type FaultMoment, faultMoment } from "./fault-moment.ts";

/** Where a candidate is tried, beside which revision. */
export interface Trial {
  readonly bench: BenchCluster;
  readonly cluster: DeployedCluster;
  readonly api: ApiClient;
  readonly stable: string;
}

/** What is tried. */
export interface Tried {
  readonly changes: readonly Setting[];
  /** Whether no fault is looked for, so that the start is what counts. */
  readonly isSilent?: boolean;
}

/** How an update ended. */
export interface OurVerdict {
  /** Code of the refusal, or what the update says in place of one. */
  readonly code: string;
  /** From what it is counted; `start` where the cluster showed nothing, or was not asked. */
  readonly from: FaultMoment["from"] | "start";
  readonly took: Milliseconds;
}

const replicas = 2;

/** Runs an update with some settings changed, and measures how soon it ends once the candidate's fault is there. */
export async function ourVerdict(
  { bench, cluster, api, stable }: Trial,
  { changes, isSilent = false }: Tried,
): Promise<OurVerdict> {
  const ended = new AbortController();
  const labelSelector = `${revisionLabel},${revisionLabel}!=${stable}`;
  const watched = { namespace: "keye", labelSelector, replicas };
  const seen = isSilent ? undefined : faultMoment(api, watched, ended.signal);
  const started = performance.now();
  const result = await pulumiUp(cluster.place, bench.stackFile(cluster, changes));
  const end = performance.now();
  ended.abort();
  const moment = (await seen) ?? { at: started, from: "start" };
  return { code: codeIn(result.output), from: moment.from, took: end - moment.at };
}

function codeIn(output: string): string {
  const code = / phase=\w+ code=(E_\w+)/.exec(output)?.[1] ?? /\b(E_\w+|POOL_MISMATCH): /.exec(output)?.[1];
  return code ?? "no diagnosis";
}
