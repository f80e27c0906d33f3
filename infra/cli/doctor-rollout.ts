import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { diagnoseRollout, type RolloutDiagnosis } from "../gate/ledger/diagnosis.ts";
import { rolloutFindingIds } from "../gate/ledger/diagnosis-findings.ts";
import type { RolloutFacts } from "../gate/ledger/standing.ts";
import { appHelp, appOptions, readAppAim, withCluster } from "./app-aim.ts";
import type { Command, CommandWorld } from "./command.ts";
import { parseFlags, usageError } from "./flags.ts";
import { readFacts, readPending } from "./status-facts.ts";
import { leaseText } from "./status-text.ts";

/** `keye doctor rollout`: which state a run that ended early has left, and how to go on. */
export const doctorRollout: Command = {
  help: `keye doctor rollout [--stack-file FILE | --namespace NAME --app NAME] [--json]

Says what a promotion that was killed, cancelled or overtaken has left: what serves now, each thing that was left and what the
next pulumi up makes of it, and the commands for those who do not want to wait for it. Writes nothing.

${appHelp}
  --json             the findings as JSON

Exit codes: 0 nothing was left, or a promotion is at work, 1 something was, 2 bad input, 4 the cluster cannot be asked or has
no such app, 130 cancelled.
`,
  run: runDoctorRollout,
};

async function runDoctorRollout(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const { values, positionals } = parseFlags("doctor rollout", args, { ...appOptions, json: { type: "boolean" } });
  const extra = positionals[0];
  if (extra !== undefined) throw usageError("doctor rollout", `unexpected argument "${extra}".`);
  const aim = readAppAim("doctor rollout", values, world);
  return await withCluster(aim, async (connection) => {
    const facts = await readFacts(connection, aim.ref, world.signal);
    const pending = await readPending(aim);
    const diagnosis = diagnoseRollout(facts, pending);
    const { namespace, app } = aim.ref;
    const head = { apiVersion: "keye-stack.dev/v1", kind: "RolloutDiagnosis", namespace, app };
    const { traffic } = facts.observation;
    world.out(
      values.json === true
        ? JSON.stringify({ ...head, traffic, ...diagnosis }, null, 2)
        : `${namespace}/${app} on ${connection.server}\n\n${diagnosisText(facts, diagnosis)}`,
    );
    return diagnosis.findings.length === 0 ? exitCodes.pass : exitCodes.fail;
  });
}

/** The diagnosis for people: what serves, each finding with its way on, and what comes next. */
export function diagnosisText(facts: RolloutFacts, { serves, isRunning, findings, nextUp }: RolloutDiagnosis): string {
  const entries = findings.map(({ id, what, next, commands }) =>
    [
      `${id} (${rolloutFindingIds[id]})`,
      `  ${what}`,
      `  The next pulumi up ${next}.`,
      ...commands.map((command) => `  $ ${command}`),
    ].join("\n"),
  );
  const running = `A promotion is at work: ${leaseText(facts)}. Wait for it, or cancel it where it runs.`;
  const nothing = "Nothing was left behind.";
  return [
    `Serving: ${serves}.`,
    ...(isRunning ? [running] : entries.length === 0 ? [nothing] : entries),
    `The next pulumi up ${nextUp}.`,
  ].join("\n\n");
}
