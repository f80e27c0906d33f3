import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { DeployError, textOf } from "../infra/core/errors.ts";
import { kubernetesProvider, rehearsalEnvironment } from "../infra/rehearsal/environment.ts";
import type { RehearsalState } from "../infra/rehearsal/state.ts";
import { endRehearsal, type RehearsalProcess, rehearsalState, startRehearsal } from "./story/rehearsal-process.ts";
import { Steps } from "./story/steps.ts";
import { tellStory } from "./story/story.ts";

const root = resolve(import.meta.dirname, "..");

const help = `Usage: ./scripts/rehearse [--keep] [--name NAME]
       ./scripts/rehearse down [--name NAME]

Starts an embedded cluster with two simulated H800 nodes and plays a whole rollout on it with the real Pulumi engine:
a first revision is proven and promoted, the model authors' image and video requests are sent through the live Service,
a revision that answers wrongly is refused while clients notice nothing, and a good one is promoted after it.

  --keep       leaves the cluster running and prints how to use it
  --name NAME  several rehearsals can run side by side (default story)
  down         ends a cluster that was kept

Exit codes: 0 as told, 1 something went another way, 2 bad input, 4 environment, 130 interrupted.`;

const say = (line: string) => console.log(line);
const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("interrupted")));
process.once("SIGTERM", () => stop.abort(new Error("interrupted")));

process.exitCode = await main().catch((error: unknown) => {
  console.error(`\n${error instanceof DeployError ? error.message : textOf(error)}`);
  if (stop.signal.aborted) return 130;
  return error instanceof DeployError && error.code.startsWith("ENV_") ? 4 : 1;
});

async function main(): Promise<number> {
  let flags: ReturnType<typeof readFlags>;
  try {
    flags = readFlags();
  } catch (error) {
    console.error(`${textOf(error)}\n\n${help}`);
    return 2;
  }
  if (flags.isHelp) {
    say(help);
    return 0;
  }
  if (flags.isDown) {
    await endRehearsal(rehearsalOf(flags.name));
    return 0;
  }
  return play(flags.name, flags.isKept);
}

function readFlags() {
  const { values, positionals } = parseArgs({
    options: {
      keep: { type: "boolean", default: false },
      name: { type: "string", default: "story" },
      help: { type: "boolean", short: "h", default: false },
    },
    allowPositionals: true,
  });
  const [word, ...rest] = positionals;
  if ((word !== undefined && word !== "down") || rest.length > 0)
    throw new Error(`Unknown word "${positionals.join(" ")}".`);
  return { name: values.name, isKept: values.keep, isHelp: values.help, isDown: word === "down" };
}

async function play(name: string, isKept: boolean): Promise<number> {
  const steps = new Steps(say);
  const rehearsal = rehearsalOf(name);
  let isDone = false;
  try {
    const state = await steps.run(
      "Start the embedded cluster",
      () => startRehearsal(rehearsal),
      (it) => `two H800 nodes ready at ${it.server}`,
    );
    const env = rehearsalEnvironment(state, process.env);
    say(`kubernetes provider: ${kubernetesProvider(process.env)}`);
    await tellStory({ root, state: () => rehearsalState(rehearsal), env, signal: stop.signal, say, steps });
    isDone = true;
    say(steps.summary());
    if (isKept) say(howToUse(name, state));
    return 0;
  } finally {
    if (!isDone) say(steps.results.length > 0 ? steps.summary() : "");
    if (!isKept) await endRehearsal(rehearsal);
    else if (!isDone) say(`\nThe cluster is left running: ./scripts/rehearse down --name ${name} ends it.`);
  }
}

function rehearsalOf(name: string): RehearsalProcess {
  return { root, name, say };
}

function howToUse(name: string, state: RehearsalState): string {
  const live = state.proxies.find((proxy) => proxy.service === "keye");
  return [
    "",
    "The cluster is left running. In a shell of yours:",
    `  eval "$(./scripts/keye rehearse env --name ${name})"`,
    "  pulumi up --stack rehearsal        # the same program; edit Pulumi.rehearsal.yaml between runs",
    "  kubectl -n keye get pods,services",
    ...(live === undefined ? [] : [`  ./scripts/keye probe --base-url ${live.url}`]),
    `When done: ./scripts/rehearse down${name === "story" ? "" : ` --name ${name}`}`,
  ].join("\n");
}
