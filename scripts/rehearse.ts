import { resolve } from "node:path";
import { exitCodeOf } from "../infra/cli/exit-code-of.ts";
import { textOf } from "../infra/core/errors.ts";
import { exitCodes } from "../infra/core/exit-codes.ts";
import { kubernetesProvider, rehearsalEnvironment } from "../infra/rehearsal/environment.ts";
import type { RehearsalState } from "../infra/rehearsal/state.ts";
import { interruptible } from "./lib/interrupt.ts";
import { endRehearsal, type RehearsalProcess, rehearsalState, startRehearsal } from "./story/rehearsal-process.ts";
import { Steps } from "./story/steps.ts";
import { tellStory } from "./story/story.ts";

const root = resolve(import.meta.dirname, "..");

const say = (line: string) => console.log(line);
// `./scripts/rehearse` has read the command line.
const [word, name = "story", keep] = process.argv.slice(2);

await interruptible(async (signal) => {
  const rehearsal: RehearsalProcess = { root, name, signal };
  try {
    return await (word === "down" ? down(rehearsal) : play(rehearsal, keep === "--keep"));
  } catch (error) {
    console.error(signal.aborted ? "\nInterrupted." : `\n${textOf(error)}`);
    return signal.aborted ? exitCodes.cancelled : exitCodeOf(error);
  }
});

async function down(rehearsal: RehearsalProcess): Promise<number> {
  const outcome = await endRehearsal(rehearsal);
  say(outcome === "none" ? `No rehearsal "${name}" runs: nothing to do.` : `The rehearsal "${name}" has ended.`);
  return exitCodes.pass;
}

async function play(rehearsal: RehearsalProcess, isKept: boolean): Promise<number> {
  const steps = new Steps(say);
  // Outside of `try`: where it does not start it leaves nothing, and one that runs already is not ours to end.
  const state = await steps.run(
    "Start the embedded cluster",
    () => startRehearsal(rehearsal),
    (it) => `two H800 nodes ready at ${it.server}`,
  );
  let isDone = false;
  try {
    const env = rehearsalEnvironment(state, process.env);
    say(`kubernetes provider: ${kubernetesProvider(process.env)}`);
    await tellStory({ root, state: () => rehearsalState(rehearsal), env, signal: rehearsal.signal, say, steps });
    isDone = true;
    say(steps.summary());
    if (isKept) say(howToUse(state));
    return exitCodes.pass;
  } finally {
    if (!isDone) say(steps.summary());
    if (!isKept) await endRehearsal(rehearsal);
    else if (!isDone) say(`\nThe cluster is left running: ./scripts/rehearse down --name ${name} ends it.`);
  }
}

function howToUse(state: RehearsalState): string {
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
