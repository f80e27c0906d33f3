import { dirname } from "node:path";
import type { CommandResult } from "../../infra/process/command.ts";
import { initStack, type PulumiPlace, pulumiUp, stackOutputs } from "../../infra/rehearsal/pulumi/pulumi.ts";
import type { RehearsalState } from "../../infra/rehearsal/state.ts";
import { sendAuthorsRequests } from "./authors.ts";
import { startLoad } from "./load.ts";
import type { LoadResult } from "./load-result.ts";
import { type Setting, writeStackFile } from "./stack-file.ts";
import type { Steps } from "./steps.ts";

const model = "keye-vl-2.0-30b-a3b";

/** A revision whose engine answers fluently, and wrongly. */
const badRevision: Setting = {
  path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/fault"],
  value: "wrong-answer",
};

/** A revision that differs in one argument. */
const goodRevision: Setting = { path: ["engine", "maxRunningRequests"], value: 64 };

/** What the story is played on. */
export interface Stage {
  readonly root: string;
  /** The rehearsal as it is now. */
  readonly state: () => RehearsalState;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  readonly steps: Steps;
}

/** Plays the whole rollout; throws where anything goes another way than it must. */
export async function tellStory(stage: Stage): Promise<void> {
  const { root, steps, say } = stage;
  const place: PulumiPlace = { root, env: stage.env, stack: "rehearsal", signal: stage.signal, say };
  const folder = dirname(stage.state().kubeconfig);
  const settings = (...changes: Setting[]) => writeStackFile(root, folder, changes);
  await initStack(place);

  const first = await steps.run(
    "pulumi up: the first revision is proven, then promoted",
    () => succeed(place, settings()),
    (revision) => `revision ${revision} serves`,
  );
  const url = serviceUrl(stage.state());
  await steps.run(
    "The model authors' image and video requests, through the live Service",
    () => sendAuthorsRequests(url),
    (answers) =>
      answers
        .map(
          ({ name, promptTokens, seconds, content }) =>
            `${name}: "${content}" (${promptTokens} prompt tokens, ${seconds.toFixed(1)} s)`,
        )
        .join("; "),
  );

  const load = startLoad({ baseUrl: url, model });
  let seen: LoadResult | undefined;
  try {
    await steps.run(
      "pulumi up: a revision that answers wrongly is refused",
      () => refuse(place, settings(badRevision), first),
      (headline) => `exit 1, ${headline}`,
    );
    await steps.run(
      "pulumi up: a good revision replaces the old one",
      () => succeed(place, settings(goodRevision)),
      (revision) => `revision ${revision} serves, ${first} is retired`,
    );
  } finally {
    seen = await load.stop();
  }
  await steps.run("What clients under load saw meanwhile", () => mustBeUnharmed(seen), describeLoad);
}

async function succeed(place: PulumiPlace, configFile: string): Promise<string> {
  const result = await pulumiUp(place, configFile);
  if (result.exitCode !== 0) throw new Error(`pulumi up ended with ${result.exitCode}; it was to succeed.`);
  const { activeRevision, revision } = await stackOutputs(place);
  if (activeRevision !== revision) throw new Error(`Revision ${revision} was to serve; ${activeRevision} does.`);
  return String(activeRevision);
}

/** Runs an update that must fail at the gate and leave `serving` as it is. Returns the diagnosis's first line. */
async function refuse(place: PulumiPlace, configFile: string, serving: string): Promise<string> {
  const result: CommandResult = await pulumiUp(place, configFile);
  const headline = /GATE_FAILED [^\n]*/.exec(result.output)?.[0];
  if (result.exitCode === 0 || headline === undefined) {
    throw new Error(`pulumi up ended with ${result.exitCode}; it was to be refused by the gate.`);
  }
  const { activeRevision } = await stackOutputs(place);
  if (activeRevision !== serving) throw new Error(`Revision ${serving} was to go on serving; ${activeRevision} does.`);
  return headline;
}

function serviceUrl(state: RehearsalState): string {
  const live = state.proxies.find((proxy) => proxy.namespace === "keye" && proxy.service === "keye");
  if (live === undefined) throw new Error("The live Service keye/keye has no loopback address.");
  return live.url;
}

async function mustBeUnharmed(seen: LoadResult | undefined): Promise<LoadResult> {
  if (seen === undefined || seen.sent === 0) throw new Error("The clients sent nothing.");
  const { failed, outageSeconds } = seen;
  if (failed > 0 || outageSeconds > 0) throw new Error(`${describeLoad(seen)}: ${seen.failures.join("; ")}`);
  return seen;
}

function describeLoad({ sent, failed, outageSeconds, byRevision }: LoadResult): string {
  const answers = Object.entries(byRevision).map(([revision, count]) => `${count} by ${revision}`);
  const outage = outageSeconds > 0 ? `, nobody answered for ${outageSeconds} s` : "";
  return `${sent} requests, ${failed} failed${outage}; answered ${answers.join(", ")}`;
}
