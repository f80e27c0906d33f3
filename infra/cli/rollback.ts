import type { ClusterConnection } from "../cluster/connect.ts";
import { systemClock } from "../cluster/system-clock.ts";
import { DeployError } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import type { PlanHeadroomArgs } from "../core/headroom.ts";
import type { PromotionInputs, Strategy } from "../core/promotion-inputs.ts";
import { deploymentOf } from "../gate/app-view.ts";
import type { RolloutFacts } from "../gate/ledger/standing.ts";
import { ago } from "../gate/ledger/text.ts";
import { PromotionFailed } from "../gate/promotion-error.ts";
import { planHeadroom } from "../rollgate/plan-headroom.ts";
import { promoteOver } from "../rollgate/promote-over.ts";
import { type AppAim, appHelp, appOptions, readAppAim, withCluster } from "./app-aim.ts";
import type { Command, CommandWorld } from "./command.ts";
import { confirm } from "./confirm.ts";
import { parseFlags, usageError } from "./flags.ts";
import { sha256 } from "./lock-file.ts";
import { planRollback, type RollbackPlan } from "./rollback-plan.ts";
import { consoleProgress } from "./rollback-progress.ts";
import { readFacts } from "./status-facts.ts";

/** `keye rollback`: an earlier revision, proven again, in place of the one that serves. */
export const rollback: Command = {
  help: `keye rollback [--to REVISION] [--yes] [--stack-file FILE | --namespace NAME --app NAME]

Promotes an earlier revision again, by the promotion that pulumi up runs: under the same Lease, with the probes and deadlines that
the revision was promoted with. Every pod is proven again before it serves; until then, and whatever comes of it, what serves now
goes on serving. Interrupt it at any time: it goes back first.

  --to REVISION      a revision that has been promoted; its first digits are enough (default: the last one before what serves)
  --yes              asks nothing; needed where nobody can answer
${appHelp}

Pulumi is not told: its program still describes the other revision. What to do about that is said at the end.

Exit codes: 0 the revision serves, 1 it was rejected or there is none to go back to, 2 bad input, 3 inconclusive, 4 locked or the
cluster cannot be asked, 130 cancelled.
`,
  run: runRollback,
};

async function runRollback(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const options = { ...appOptions, to: { type: "string" }, yes: { type: "boolean" } } as const;
  const { values, positionals } = parseFlags("rollback", args, options);
  const extra = positionals[0];
  if (extra !== undefined) throw usageError("rollback", `unexpected argument "${extra}"; the revision goes into --to.`);
  const aim = readAppAim("rollback", values, world);
  return await withCluster(aim, async (connection) => {
    const facts = await readFacts(connection, aim.ref, world.signal);
    const plan = planRollback(facts, values.to, sha256);
    const { inputs, because } = await fitted(connection, facts, plan, world.signal);
    world.err(planText(facts, plan, inputs, because));
    if (values.yes !== true && !(await confirm("Go back?", "rollback", world))) {
      world.err("Nothing was changed.");
      return exitCodes.cancelled;
    }
    return await carryOut(connection, { aim, plan, inputs }, world);
  });
}

/** What is asked of the promotion, and why by this strategy; no full stop. */
interface Fitted {
  readonly inputs: PromotionInputs;
  readonly because: string;
}

interface Rollback {
  readonly aim: AppAim;
  readonly plan: RollbackPlan;
  readonly inputs: PromotionInputs;
}

async function carryOut(
  connection: ClusterConnection,
  { aim, plan, inputs }: Rollback,
  world: CommandWorld,
): Promise<ExitCode> {
  const progress = consoleProgress(world.err, systemClock);
  const from = plan.from;
  try {
    const { activeRevision, evidence } = await promoteOver(connection, { inputs, progress, signal: world.signal });
    world.out(
      `Revision ${activeRevision} serves, proven again; the record is ConfigMap ${aim.ref.namespace}/${evidence.configMap}.`,
    );
    world.err(afterwardsText(from, activeRevision));
    return exitCodes.pass;
  } catch (error) {
    if (error instanceof PromotionFailed) {
      world.err(
        "No rollback: what is said of the next up below holds for the next rollback. Pulumi was told of neither.",
      );
    }
    throw error;
  }
}

/** The inputs with the strategy that there is room for now, and with the Jobs of the supply that still exist. */
async function fitted(
  connection: ClusterConnection,
  facts: RolloutFacts,
  { from, inputs }: RollbackPlan,
  signal: AbortSignal,
): Promise<Fitted> {
  const { supply, ...rest } = inputs;
  const there = new Set((await connection.supply.jobs(facts.ref, signal)).map(({ job }) => job.metadata.name));
  const left = supply && { ...supply, jobs: supply.jobs.filter(({ name }) => there.has(name)) };
  const known = { ...rest, ...(left === undefined ? {} : { supply: left }) };
  // Out of a ramp: its pods are there, and nothing has to make room for them.
  if (from === inputs.revision)
    return { inputs: known, because: "it still serves, beside the one that was to replace it" };
  const { strategy, because } = await roomFor(connection, facts, inputs, signal);
  return { inputs: { ...known, strategy }, because };
}

/** The strategy that `auto` comes to now, and why. Rejects with `E_CAPACITY` where none can end. */
async function roomFor(
  connection: ClusterConnection,
  { observation }: RolloutFacts,
  inputs: PromotionInputs,
  signal: AbortSignal,
): Promise<{ readonly strategy: Strategy; readonly because: string }> {
  const { namespace, app, service, revision, replicas, growth } = inputs;
  const workload = deploymentOf(observation, revision);
  const args: PlanHeadroomArgs = {
    ...{ namespace, app, service, revision, replicas, adopted: [] },
    podSpec: workload?.spec.template.spec ?? {},
    ...(workload?.group === undefined ? {} : { podsPerReplica: workload.group.size }),
    ...(growth === undefined ? {} : { growth }),
  };
  const { choice, because, refusals } = await planHeadroom(connection, args, signal);
  if (choice !== undefined) return { strategy: choice, because };
  const { message = `${because}.`, hint } = refusals.blueGreen ?? {};
  const where = `${namespace}/${inputs.workload}`;
  throw new DeployError({ code: "E_CAPACITY", where, message, ...(hint === undefined ? {} : { hint }) });
}

function planText(
  { ref, now }: RolloutFacts,
  { from, target }: RollbackPlan,
  inputs: PromotionInputs,
  because: string,
) {
  const { revision, passedAt, entry } = target;
  const count = `${inputs.replicas} ${inputs.replicas === 1 ? "replica" : "replicas"}`;
  return [
    `${ref.namespace}/${ref.app}: ${from} gives way to ${revision}, which was promoted ${ago(passedAt, now)} (ConfigMap ${entry.name}).`,
    `${count} by ${inputs.strategy}: ${because}. Each is proven again before it serves.`,
    ...(inputs.strategy === "recreate"
      ? [`OUTAGE: nobody serves from when ${from} goes until ${revision} is proven.`]
      : []),
  ].join("\n");
}

function afterwardsText(from: string, to: string): string {
  return [
    `Pulumi was not told: the next pulumi up sees the move by its refresh, and promotes what its settings describe: ${from} again, unless they change.`,
    `To stay with ${to}, change them back to what it was made from; pulumi up then finds it proven and promotes nothing.`,
    `${from} waits without pods; pulumi up keeps or deletes it as rollout.keepRevisions says.`,
  ].join("\n");
}
