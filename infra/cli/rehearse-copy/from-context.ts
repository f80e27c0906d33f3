import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readTarget, type Target } from "../../cluster/read-target.ts";
import { selectorOf } from "../../config/pool-labels.ts";
import type { StackConfig } from "../../config/stack-config.ts";
import { DeployError } from "../../core/errors.ts";
import { type ExitCode, exitCodes } from "../../core/exit-codes.ts";
import { noRevision } from "../../core/names.ts";
import { trafficText } from "../../core/traffic.ts";
import { type ClusterCopy, copyCluster } from "../../rehearsal/copy/copy.ts";
import { referencesOf } from "../../spec/check-references.ts";
import { emptyLock, lockFile } from "../../spec/lock/lock.ts";
import type { PinnedStack } from "../../spec/pinned-stack.ts";
import type { StrategyAnswer } from "../../status/headroom/strategies.ts";
import type { CommandWorld } from "../command.ts";
import { readLockFile } from "../lock-file.ts";
import { readStackFile } from "../stack-file.ts";
import { assumptions } from "./assumptions.ts";
import { type FromContext, fromContextFlags } from "./flags.ts";
import { candidateOf, planOn, rolesOf } from "./plan.ts";
import { standingPools } from "./pools.ts";
import { type RehearsalReport, type RehearsedRollout, rolloutOf } from "./report.ts";
import { playRollout, type Stage } from "./rollout.ts";
import {
  pinForRehearsal,
  presentChanges,
  rehearsalChanges,
  type SettingChange,
  strategyChange,
  writeSettings,
} from "./settings.ts";
import { rehearsalText } from "./text.ts";

const root = resolve(import.meta.dirname, "../../..");

/**
 * `keye rehearse --from-context`: plays a stack's rollout on a copy of a cluster, which is only read. Passes where every
 * strategy that was played does.
 */
export async function rehearseFromContext(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const asked = fromContextFlags(args);
  const folder = mkdtempSync(join(tmpdir(), "keye-rehearse-"));
  try {
    const report = await rehearsed(asked, folder, world);
    world.out(asked.isJson ? JSON.stringify(report, null, 2) : rehearsalText(report));
    const hasPassed = report.rollouts.length > 0 && report.rollouts.every(({ verdict }) => verdict === "pass");
    return hasPassed ? exitCodes.pass : exitCodes.fail;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rehearsed(asked: FromContext, folder: string, world: CommandWorld): Promise<RehearsalReport> {
  const { stackFile, context, speed } = asked;
  const config = readStackFile(stackFile);
  const { name, namespace } = config;
  const pinned = pinForRehearsal(config, readLockFile(join(dirname(stackFile), lockFile)), stackFile);
  const ref = { namespace, app: name, service: name };
  const { kubeconfig } = asked;
  const read = await readTarget({ context, ...(kubeconfig === undefined ? {} : { kubeconfig }) }, ref, world.signal);
  const { pools, nodes } = standingPools(config.nodePools, read.nodes);
  const target = { ...read, nodes };
  const files = { stackFile, saltOf: join(root, "Pulumi.rehearsal.yaml"), folder };
  const written = (settings: string, changes: readonly SettingChange[] = []) =>
    writeSettings({ ...files, name: settings }, [...rehearsalChanges(pinned.stack, { pools, speed }), ...changes]);
  const stack: PinnedStack = pinForRehearsal(readStackFile(written("rehearsal")), emptyLock, stackFile).stack;
  const active = servingRevision(target, config);
  const { podSpec } = await candidateOf(stack);
  const planned = planOn(stack, podSpec, { ...target, active });
  const copy = copyCluster({ ...target, roleOf: rolesOf(stack, active), alsoKept: namedLabels(stack) });
  const stage: Stage = {
    name: asked.name,
    root,
    app: name,
    copy,
    contents: contentsOf(stack),
    gpus: planned.gpus,
    hasGroups: stack.engine.nodesPerReplica > 1 || copy.serving.some(({ pods }) => pods > 1),
    world,
  };
  world.err(`${target.nodes.length} nodes and ${target.pods.length} pods read from ${target.server}.`);

  const { answers } = planned.strategies;
  const possible = answers.filter(({ isPossible }) => isPossible).map(({ strategy }) => strategy);
  const rollouts: RehearsedRollout[] = [];
  let onCopy: readonly StrategyAnswer[] | undefined;
  for (const strategy of asked.strategies ?? possible) {
    world.err(`${strategy}:`);
    const script = {
      ...(copy.serving.length === 0 ? {} : { present: written("present", presentChanges(stack, copy.serving)) }),
      rollout: written(strategy, [strategyChange(strategy)]),
    };
    const played = await playRollout(stage, script, async ({ state }) => {
      const seen = await readTarget({ kubeconfig: state.kubeconfig }, ref, world.signal);
      onCopy ??= planOn(stack, podSpec, { ...seen, active: servingRevision(seen, config) }).strategies.answers;
    });
    rollouts.push(rolloutOf(strategy, played, { speed, ...config.rollout.deadlines }));
  }

  const isSame = (await candidateOf(pinned.stack)).revision === active;
  return {
    apiVersion: "keye-stack.dev/v1",
    kind: "RehearsalReport",
    stackFile,
    context,
    server: target.server,
    serverVersion: target.serverVersion,
    copied: copiedFacts(copy, planned.gpus, target),
    present: active === noRevision ? null : presentFacts(active, copy),
    replicas: config.replicas,
    gpusPerReplica: stack.engine.tpSize,
    podsPerReplica: stack.engine.nodesPerReplica,
    speed,
    plan: answers,
    ...(onCopy === undefined || isDeepStrictEqual(onCopy, answers) ? {} : { planOfCopy: onCopy }),
    rollouts,
    assumed: assumptions({ config, target, speed, isMadeUp: pinned.isMadeUp, isSame }),
  };
}

/** The revision that serves, or `none`. Throws `E_LOCKED` where one is being replaced pod by pod at this moment. */
function servingRevision({ traffic = { kind: "none" } }: Target, { namespace, name }: StackConfig): string {
  if (traffic.kind === "none") return noRevision;
  if (traffic.kind === "revision") return traffic.revision;
  throw new DeployError({
    code: "E_LOCKED",
    where: `${namespace}/services/${name}`,
    message: `A canary is under way there (${trafficText(traffic)}): what serves changes while it is copied.`,
    hint: "Wait until it has ended.",
  });
}

/** Labels by which the settings tell nodes apart. */
function namedLabels({ nodePools }: PinnedStack): ReadonlySet<string> {
  return new Set(
    nodePools.flatMap((pool) => [...Object.keys(selectorOf(pool)), ...(pool.topology ? [pool.topology.label] : [])]),
  );
}

function contentsOf(stack: PinnedStack) {
  const { secrets, claims } = referencesOf(stack);
  const { runtimeClassName } = stack.engine;
  return {
    namespace: stack.namespace,
    secrets: secrets.map(({ name, keys }) => ({ name, keys })),
    // What the stack makes itself is not there yet.
    claims: claims.filter(({ cure }) => cure !== undefined).map(({ name }) => name),
    ...(runtimeClassName === undefined ? {} : { runtimeClass: runtimeClassName }),
  };
}

function presentFacts(revision: string, { serving }: ClusterCopy) {
  return { revision, replicas: serving.length, podsPerReplica: serving[0]?.pods ?? 1 };
}

function copiedFacts({ nodes, othersPods }: ClusterCopy, gpus: ReadonlyMap<string, number>, { limits }: Target) {
  return {
    nodes: nodes.length,
    nodesForEngines: gpus.size,
    nodesWithoutNewPods: nodes.filter(({ isClosed }) => isClosed).length,
    gpus: [...gpus.values()].reduce((sum, count) => sum + count, 0),
    othersPods,
    hasLimits: limits !== undefined,
  };
}
