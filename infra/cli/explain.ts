import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { type EvidenceLedger, entriesOf, type LedgerEntry } from "../gate/ledger/ledger.ts";
import { standingOf } from "../gate/ledger/standing.ts";
import { appHelp, appOptions, readAppAim, withCluster } from "./app-aim.ts";
import type { Command, CommandWorld } from "./command.ts";
import { explainText } from "./explain-text.ts";
import { parseFlags, usageError } from "./flags.ts";
import { readFacts } from "./status-facts.ts";

/** `keye explain`: why a revision was promoted or rejected, from the records of its verdicts. */
export const explain: Command = {
  help: `keye explain REVISION [--stack-file FILE | --namespace NAME --app NAME] [--json]

Tells each verdict on a revision that is on record: what was asked, how long each phase took, what every pod was asked and what
it answered, the fault with the end of the engine's log, and the cure. The first digits of a revision are enough. Writes nothing.

${appHelp}
  --json             the records as JSON; docs/schema/promotion-evidence.schema.json describes each

Exit codes: 0 shown, 2 bad input or a revision without a record, 4 the cluster cannot be asked or has no such app, 130 cancelled.
`,
  run: runExplain,
};

async function runExplain(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const { values, positionals } = parseFlags("explain", args, { ...appOptions, json: { type: "boolean" } });
  const [prefix, extra] = positionals;
  if (prefix === undefined) throw usageError("explain", "name the revision; keye status lists them.");
  if (extra !== undefined) throw usageError("explain", `unexpected argument "${extra}": one revision at a time.`);
  const aim = readAppAim("explain", values, world);
  return await withCluster(aim, async (connection) => {
    const facts = await readFacts(connection, aim.ref, world.signal);
    const revision = revisionOf(prefix, facts.ledger);
    const records = entriesOf(facts.ledger, revision);
    const { namespace, app } = aim.ref;
    const standing = standingOf(facts).find((one) => one.revision === revision);
    world.out(
      values.json === true
        ? JSON.stringify(
            {
              apiVersion: "keye-stack.dev/v1",
              kind: "RevisionExplanation",
              ...{ namespace, app, revision, role: standing?.role ?? null },
              records: records.map(({ name, evidence }) => ({ configMap: name, evidence })),
            },
            null,
            2,
          )
        : explainText({ ref: aim.ref, revision, standing, records, now: facts.now }),
    );
    return exitCodes.pass;
  });
}

/** The revision on record that begins with the digits given. Throws `CONFIG_USAGE` for none, and for several. */
export function revisionOf(prefix: string, { entries }: EvidenceLedger): string {
  const known = [...new Set(entries.map(({ evidence }: LedgerEntry) => evidence.revision))];
  const [only, ...others] = known.filter((revision) => revision.startsWith(prefix));
  if (only !== undefined && others.length === 0) return only;
  const all = known.join(", ") || "none";
  throw usageError(
    "explain",
    only === undefined
      ? `no verdict on revision "${prefix}" is on record; those that are: ${all}.`
      : `"${prefix}" may be ${[only, ...others].join(" or ")}: give more digits.`,
  );
}
