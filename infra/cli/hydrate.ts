import { existsSync, writeFileSync } from "node:fs";
import { systemClock } from "../cluster/system-clock.ts";
import { textOf } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { redact } from "../core/redact.ts";
import { checkAccess } from "../supply/hub/access.ts";
import { usualPatience } from "../supply/hub/ask.ts";
import { chooseFiles } from "../supply/hub/file-choice.ts";
import type { Hub } from "../supply/hub/hub.ts";
import { openHub } from "../supply/hub/open-hub.ts";
import { sourceText } from "../supply/hub/source.ts";
import { hydrate as fillFolder } from "../supply/hydrate/hydrate.ts";
import type { Command, CommandWorld } from "./command.ts";
import { endpointFrom, hubCredentials, regionFrom } from "./hydrate-credentials.ts";
import { type HydrateFlags, parseHydrateFlags } from "./hydrate-flags.ts";
import { hydrateHelp } from "./hydrate-help.ts";
import { filesText, hasCredentials, listingText } from "./hydrate-list.ts";
import { makeFolder } from "./make-folder.ts";

/** `keye hydrate`: what the weights' Job runs. */
export const hydrate: Command = {
  help: hydrateHelp,
  async run(args, world) {
    const flags = parseHydrateFlags(args);
    try {
      const lastWord = await (flags.dir === undefined ? list(flags, world) : fill(flags, flags.dir, world));
      leave(flags, lastWord);
      return exitCodes.pass satisfies ExitCode;
    } catch (error) {
      leave(flags, textOf(error));
      throw error;
    }
  },
};

async function fill(flags: HydrateFlags, dir: string, world: CommandWorld): Promise<string> {
  const tell = (line: string) => world.err(`hydrate: ${redact(line)}`);
  const started = systemClock.now();
  makeFolder(dir);
  const { isFresh, manifest } = await fillFolder({
    hub: hubOf(flags, world),
    source: sourceText(flags.source),
    revision: flags.revision,
    dir,
    choice: flags.choice,
    parallelism: flags.parallelism,
    isVerified: flags.isVerified,
    deadlineSeconds: flags.deadlineSeconds,
    clock: systemClock,
    signal: world.signal,
    patience: usualPatience,
    tell,
  });
  const seconds = Math.max(1, Math.round((systemClock.now() - started) / 1000));
  const what = `${filesText(manifest.files)}, ${manifest.source}@${manifest.commit}`;
  const lastWord = isFresh ? `complete after ${seconds} s: ${what}` : `complete already: ${what}`;
  tell(lastWord);
  return lastWord;
}

async function list(flags: HydrateFlags, world: CommandWorld): Promise<string> {
  const hub = hubOf(flags, world);
  const name = sourceText(flags.source);
  const { signal } = world;
  const commit = await hub.resolveRevision(flags.revision, signal);
  const listed = await hub.listFiles(commit, signal);
  const chosen = chooseFiles(listed, flags.choice);
  await checkAccess(
    hub,
    { commit, files: chosen },
    { clock: systemClock, patience: usualPatience, where: name, signal },
  );
  const hasToken = hasCredentials(flags.source, hubCredentials(world.env));
  const text = listingText({ name: `${name}@${flags.revision}`, commit, chosen, listed, hasToken });
  world.out(text);
  return text.split("\n").at(-1) ?? "";
}

function hubOf(flags: HydrateFlags, { env, err }: CommandWorld): Hub {
  const endpoint = flags.endpoint ?? endpointFrom(env, flags.source.kind);
  const region = flags.region ?? regionFrom(env);
  return openHub(flags.source, {
    credentials: hubCredentials(env),
    clock: systemClock,
    onNote: (text) => err(`hydrate: ${redact(text)}`),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  });
}

const usualTermination = "/dev/termination-log";

/** Kubelets read no more than this. */
const terminationLimit = 4096;

/** Leaves the last word where the pod's status shows it. Nothing else fails because that cannot be written. */
function leave({ termination }: HydrateFlags, lastWord: string): void {
  const file = termination ?? (existsSync(usualTermination) ? usualTermination : undefined);
  if (file === undefined) return;
  try {
    writeFileSync(file, redact(lastWord).slice(0, terminationLimit));
  } catch {
    // The same word is the last line of the log.
  }
}
