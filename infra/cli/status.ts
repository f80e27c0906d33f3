import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { diagnoseRollout } from "../gate/ledger/diagnosis.ts";
import { appHelp, appOptions, readAppAim, withCluster } from "./app-aim.ts";
import type { Command, CommandWorld } from "./command.ts";
import { parseFlags, usageError } from "./flags.ts";
import { statusDocument } from "./status-document.ts";
import { readFacts, readPending } from "./status-facts.ts";
import { statusText } from "./status-text.ts";

/** `keye status`: what serves, what else runs, who promotes, and what comes next, on one screen. */
export const status: Command = {
  help: `keye status [--stack-file FILE | --namespace NAME --app NAME] [--json]

Shows what serves now, each revision's pods and GPUs, its last verdict, who holds the Lease, and what the next pulumi up will
do. Writes nothing.

${appHelp}
  --json             the same as JSON

Exit codes: 0 shown, 2 bad input, 4 the cluster cannot be asked or has no such app, 130 cancelled.
`,
  run: runStatus,
};

async function runStatus(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const { values, positionals } = parseFlags("status", args, { ...appOptions, json: { type: "boolean" } });
  const extra = positionals[0];
  if (extra !== undefined) throw usageError("status", `unexpected argument "${extra}".`);
  const aim = readAppAim("status", values, world);
  return await withCluster(aim, async (connection) => {
    const facts = await readFacts(connection, aim.ref, world.signal);
    const diagnosis = diagnoseRollout(facts, await readPending(aim));
    const { server } = connection;
    world.out(
      values.json === true
        ? JSON.stringify(statusDocument({ facts, diagnosis, server }), null, 2)
        : statusText({ facts, diagnosis, server }),
    );
    return exitCodes.pass;
  });
}
