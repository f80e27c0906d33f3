import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { exitCodes } from "../infra/core/exit-codes.ts";
import { kubernetesProvider } from "../infra/rehearsal/environment.ts";
import { interruptible } from "./lib/interrupt.ts";
import { Lane } from "./matrix/lane.ts";
import { type Row, rowName } from "./matrix/row.ts";
import { selected } from "./matrix/rows.ts";
import { ResultStore } from "./matrix/store.ts";
import { markdown, progressLine } from "./matrix/table.ts";

const help = `Usage: npm run test:matrix [-- --only word[,word…]] [--lanes n] [--resume] [--list]

Rolls out with the real pulumi on embedded clusters, lets every fault of the matrix strike meanwhile, with clients asking
and streaming all the time, and compares with the table of states. What has been played is written to docs/fault-matrix.md,
unless --only is given without --resume.

  --only     rows whose name contains one of the words; a name is fault/strategy/deploy
  --lanes    clusters side by side; 2 where absent
  --resume   keeps what earlier runs have played, and leaves out rows that went well
  --list     names the rows`;

const root = resolve(import.meta.dirname, "..");
const folder = join(root, ".rehearsal", "matrix");

await interruptible(main);

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      lanes: { type: "string", default: "2" },
      resume: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return say(help);
  const rows = selected((values.only ?? []).flatMap((words) => words.split(",")));
  if (values.list) return say(rows.map(rowName).join("\n"));
  if (rows.length === 0) {
    console.error("--only: no row has such a name; --list names them.");
    return exitCodes.badInput;
  }
  const store = new ResultStore(folder, values.resume);
  const begun = performance.now();
  await playAll(rows, { store, lanes: Number(values.lanes), signal });
  const table = markdown(rows, store.results);
  say(`\n${table}\n`);
  const bad = rows.filter((row) => store.results.get(rowName(row))?.deviations.length !== 0);
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
  say(`${rows.length - bad.length} rows as the table of states says, ${bad.length} not; ${minutes} minutes`);
  if (values.only === undefined || values.resume) {
    writeFileSync(join(root, "docs/fault-matrix.md"), page(store, minutes));
  }
  return bad.length === 0 ? exitCodes.pass : exitCodes.fail;
}

async function playAll(
  rows: readonly Row[],
  { store, lanes, signal }: { readonly store: ResultStore; readonly lanes: number; readonly signal: AbortSignal },
): Promise<void> {
  const waiting = rows.filter((row) => store.results.get(rowName(row))?.deviations.length !== 0);
  const total = waiting.length;
  let done = 0;
  const work = async (index: number) => {
    const onTrouble = (name: string, output: string) =>
      say(`        output in ${relative(root, store.keepOutput(name, output))}`);
    const lane = new Lane(100 + 400 * index, onTrouble, signal);
    try {
      for (let row = waiting.shift(); row !== undefined && !signal.aborted; row = waiting.shift()) {
        const result = await lane.play(row);
        signal.throwIfAborted();
        store.add(result);
        say(progressLine(result, `${String(++done).padStart(3)}/${total}`));
      }
    } finally {
      await lane.end();
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, index) => work(index)));
}

/** Everything that is on record, of this run and of those that it resumes. */
function page({ results }: ResultStore, minutes: string): string {
  const rows = selected([]);
  const played = rows.filter((row) => results.has(rowName(row)));
  const good = played.filter((row) => results.get(rowName(row))?.deviations.length === 0);
  const left = rows.filter((row) => !played.includes(row)).map(rowName);
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}`;
  return `# Fault matrix

What a rollout does when something goes wrong, played and not argued: \`npm run test:matrix\` writes this page. Each row is
the real program under the real \`pulumi\` on an embedded cluster (real API server, controllers and scheduler; simulated
nodes and engines that load in seconds), with two clients asking and two streaming answers of 4.5 s through the live
Service all the time. \`old\` is the revision that served before, \`new\` the candidate; two replicas each. A failed request
is one without a right answer; an outage is a time of more than a second in which nobody answered. "Verdict after" is
from the fault, or from where the promotion began, to the end of \`pulumi up\`. A first deploy is the same in every
strategy. The table of states is in [promotion.md](promotion.md).

Clients of \`blueGreen\` and \`canary\` are to lose nothing. Three rows are beyond that: an engine that turns wrong only once it serves, the
loss of all nodes, and a first deploy that is taken back from under them.

${played.length} of ${rows.length} rows were played, ${good.length} went as wanted; the last of the runs took ${minutes} minutes on ${machine}; kubernetes provider:
${kubernetesProvider(process.env)}.${left.length === 0 ? "" : ` Not played: ${left.join(", ")}.`}

${markdown(rows, results)}
`;
}

function say(text: string): number {
  console.log(text);
  return exitCodes.pass;
}
