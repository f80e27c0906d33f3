import { systemClock } from "../../cluster/system-clock.ts";
import { DeployError } from "../../core/errors.ts";
import { appLabel, verdictLabel } from "../../core/names.ts";
import type { Seconds } from "../../core/units.ts";
import { type EvidenceDocument, parseEvidence } from "../../gate/evidence.ts";
import { type RehearsalCluster, startCluster } from "../../rehearsal/cluster.ts";
import { CapacityWatch, type Level } from "../../rehearsal/copy/capacity-watch.ts";
import type { ClusterCopy } from "../../rehearsal/copy/copy.ts";
import { furnish, hold, letGo, type NamespaceContents } from "../../rehearsal/copy/furnish.ts";
import { closeNodes, joinCopies } from "../../rehearsal/copy/join-copies.ts";
import { launchEngine } from "../../rehearsal/engine/process.ts";
import { rehearsalDir, rehearsalEnvironment, toolPath } from "../../rehearsal/environment.ts";
import { initStack, type PulumiPlace, pulumiUp } from "../../rehearsal/pulumi/pulumi.ts";
import type { CommandWorld } from "../command.ts";

/** What is played once for each strategy. */
export interface Stage {
  /** Names the rehearsal's state folder. */
  readonly name: string;
  /** The project's folder. */
  readonly root: string;
  readonly app: string;
  readonly copy: ClusterCopy;
  readonly contents: NamespaceContents;
  /** GPUs of each node that counts. */
  readonly gpus: ReadonlyMap<string, number>;
  /** Whether replicas are groups of pods, those that serve or those to come. */
  readonly hasGroups: boolean;
  readonly world: CommandWorld;
}

/** Stack files of one rollout. */
export interface Script {
  /** Absent where nothing serves on the target. */
  readonly present?: string;
  readonly rollout: string;
}

/** A rollout as it went. */
export interface Played {
  readonly exitCode: number;
  /** What `pulumi` said. */
  readonly output: string;
  /** Of the update alone. */
  readonly seconds: Seconds;
  /** The record of its verdict; undefined where the update ended before there was one. */
  readonly evidence: EvidenceDocument | undefined;
  /** What served and was free, from before the update until after it. */
  readonly levels: readonly Level[];
  /** Until the copy was ready for it. */
  readonly preparedIn: Seconds;
}

/**
 * Plays one rollout on a fresh copy of the target: first what serves there now, then the settings. `look` is called between
 * the two. Throws `E_CAPACITY` where the present cannot be brought about, `ENV_TOOL` where a program is missing.
 */
export async function playRollout(
  stage: Stage,
  script: Script,
  look: (cluster: RehearsalCluster) => Promise<void>,
): Promise<Played> {
  const { name, world, copy, contents, app, gpus, hasGroups } = stage;
  const { signal } = world;
  const startedAt = systemClock.now();
  const cluster = await startCluster({
    name,
    dir: rehearsalDir(name),
    nodes: [],
    path: toolPath(world.env.PATH),
    clock: systemClock,
    launch: launchEngine,
    hasServiceProxies: false,
    areNodesLasting: true,
    hasGroups,
    signal,
  });
  try {
    const { api } = cluster;
    await joinCopies(copy.nodes, { api, at: cluster.nodesAt, clock: systemClock, signal });
    await furnish(copy, contents, { api, clock: systemClock, signal });
    world.err(`  the copy stands after ${((systemClock.now() - startedAt) / 1000).toFixed(1)} s`);
    const place = placeOf(stage, cluster);
    await initStack(place);
    if (script.present !== undefined) {
      await hold(copy.moulds, api, signal);
      await becomePresent(place, script.present, stage);
      await letGo(copy.moulds, api, signal);
    }
    await closeNodes(copy.nodes, api, signal);
    await look(cluster);
    const { namespace } = contents;
    const watch = await CapacityWatch.start({ api, clock: systemClock, namespace, service: app, gpus });
    try {
      const began = systemClock.now();
      world.err("  the rollout:");
      const { exitCode, output, took } = await pulumiUp(place, script.rollout);
      signal.throwIfAborted();
      const evidence = await evidenceSince(cluster, stage, began);
      const levels = [...watch.levels];
      return { exitCode, output, seconds: took / 1000, evidence, levels, preparedIn: (began - startedAt) / 1000 };
    } finally {
      await watch.close();
    }
  } finally {
    await cluster.close();
  }
}

function placeOf({ root, world }: Stage, { state }: RehearsalCluster): PulumiPlace {
  const env = rehearsalEnvironment(state, world.env);
  // Of a rehearsal only what the promotion says as it goes; the rest is told in the end.
  const say = (line: string) => (/^ +\| +\d+ s /.test(line) ? world.err(line) : undefined);
  return { root, env, stack: "rehearsal", signal: world.signal, say };
}

async function becomePresent(place: PulumiPlace, file: string, { world, copy }: Stage): Promise<void> {
  world.err(`  what serves on the target now, ${copy.serving.length} replicas:`);
  const { exitCode, output } = await pulumiUp(place, file);
  world.signal.throwIfAborted();
  if (exitCode === 0) return;
  throw new DeployError({
    code: "E_CAPACITY",
    where: "rehearsal",
    message: `What serves on the target does not come up on its copy: ${headlineOf(output)}.`,
    hint: "Pods of the target that break its own rules, such as those on a node that was tainted later, have no place in the copy.",
  });
}

/** The error that an update ended with, without what the engine puts around it. */
export function headlineOf(output: string): string {
  const [coded] = /\b(?:CONFIG|ENV|POOL|CLAIM|GATE|E)_[A-Z_]+\b[^\n]*/.exec(output) ?? [];
  // Whatever else stops an update is told by the engine, at the end of it all.
  const said = coded ?? output.match(/\b(?:Error|error):[^\n]*/g)?.at(-1) ?? output.trim().split("\n").at(-1) ?? "";
  return said.replace(/\.$/, "");
}

interface StoredRecords {
  readonly items: readonly { readonly data?: Readonly<Record<string, string>> }[];
}

async function evidenceSince(
  { api }: RehearsalCluster,
  { contents, app, world }: Stage,
  since: number,
): Promise<EvidenceDocument | undefined> {
  const path = `/api/v1/namespaces/${contents.namespace}/configmaps`;
  const query = { labelSelector: `${appLabel}=${app},${verdictLabel}` };
  const { items } = await api.call<StoredRecords>({ method: "GET", path, query }, world.signal);
  return items
    .flatMap(({ data }) => parseEvidence(data?.["evidence.json"] ?? "") ?? [])
    .filter(({ startedAt }) => Date.parse(startedAt) >= Math.floor(since))
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt))
    .at(-1);
}
