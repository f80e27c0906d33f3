import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "../cluster/system-clock.ts";
import { DeployError } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { compareLocks } from "../spec/lock/compare.ts";
import { lockFile } from "../spec/lock/lock.ts";
import { type Found, mergeFound } from "../spec/lock/merge.ts";
import { isLocked, type Wanted, wantedOf } from "../spec/lock/wanted.ts";
import type { Command, CommandWorld } from "./command.ts";
import { exitCodeOf } from "./exit-code-of.ts";
import { parseFlags, usageError } from "./flags.ts";
import { hubCredentials } from "./hydrate-credentials.ts";
import { readLockFile, writeLockFile } from "./lock-file.ts";
import { resolveWanted } from "./lock-resolve.ts";
import { dockerLogins } from "./registry-logins.ts";
import { readStackFile } from "./stack-file.ts";

/** `keye lock`: what tags, branches and revisions in the settings stand for, into `keye.lock.yaml`. */
export const lock: Command = {
  help: `keye lock [--stack-file FILE] [--update | --check]

Looks up what the settings name and what can move: the tag of a prebuilt image, base image and branches of a source build,
the revision of the weights on a hub. Writes digests and commits to ${lockFile} beside the settings; commit that file.
Prints a line for everything that changes. A digest or commit in the settings needs no lock.

  --stack-file FILE   settings of one stack, such as Pulumi.prod.yaml (default: every Pulumi.<stack>.yaml here)
  --update            looks everything up again; without it only what the file does not know yet
  --check             looks everything up, writes nothing, and ends with 1 where something has moved or is not known

Logins of registries are those of docker login, keys and passwords of Git those of git. Tokens of hubs come from HF_TOKEN and
MODELSCOPE_TOKEN. A registry on this machine (localhost, 127.0.0.1) is asked by plain http.

Exit codes: 0 done, 1 moved (--check) or refused by a registry, repository or hub, 2 bad input, 4 environment, 130 cancelled.
`,
  run: runLock,
};

interface LockOrder {
  /** The lock file. */
  readonly file: string;
  readonly stackFiles: readonly string[];
  readonly mode: "complete" | "update" | "check";
}

async function runLock(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const order = readOrder(args);
  const old = readLockFile(order.file);
  const asked = allWanted(order.stackFiles).filter((one) => order.mode !== "complete" || !isLocked(one, old));
  const results = await resolveAll(asked, world);
  if (results.failures.length > 0) {
    for (const failure of results.failures) world.err(failure.message);
    return exitCodeOf(results.failures[0]);
  }
  return finish(order, results.found, world);
}

function readOrder(args: readonly string[]): LockOrder {
  const { values, positionals } = parseFlags("lock", args, {
    "stack-file": { type: "string" },
    update: { type: "boolean" },
    check: { type: "boolean" },
  });
  const extra = positionals[0];
  if (extra !== undefined) {
    throw usageError("lock", `unexpected argument "${extra}"; the file with the settings goes into --stack-file.`);
  }
  if (values.update === true && values.check === true)
    throw usageError("lock", "--update and --check exclude each other.");
  const named = values["stack-file"];
  const stackFiles = named === undefined ? readdirSync(".").filter((name) => /^Pulumi\..+\.yaml$/.test(name)) : [named];
  if (stackFiles.length === 0)
    throw usageError("lock", "there is no Pulumi.<stack>.yaml here; name one with --stack-file.");
  const mode = values.check === true ? "check" : values.update === true ? "update" : "complete";
  return { file: join(dirname(named ?? "."), lockFile), stackFiles: stackFiles.sort(), mode };
}

/** What all stacks together ask for, each thing once. */
function allWanted(stackFiles: readonly string[]): readonly Wanted[] {
  const wanted = stackFiles.flatMap((file) => wantedOf(readStackFile(file)));
  return [...new Map(wanted.map((one) => [`${one.key} ${one.kind === "image" ? one.mirror : ""}`, one])).values()];
}

interface Results {
  readonly found: readonly Found[];
  readonly failures: readonly DeployError[];
}

/** Looks up all at once, and says which. One that fails stops no other. */
async function resolveAll(wanted: readonly Wanted[], world: CommandWorld): Promise<Results> {
  const loginFor = dockerLogins(world.env);
  const resolving = { loginFor, clock: systemClock, credentials: hubCredentials(world.env), signal: world.signal };
  for (const { key } of wanted) world.err(`lock: looking up ${key}`);
  const settled = await Promise.allSettled(wanted.map((one) => resolveWanted(one, resolving)));
  world.signal.throwIfAborted();
  const found = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failures = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const unforeseen = failures.find((failure) => !(failure instanceof DeployError));
  if (unforeseen !== undefined) throw unforeseen;
  return { found, failures: failures.filter((failure) => failure instanceof DeployError) };
}

function finish({ file, mode }: LockOrder, found: readonly Found[], world: CommandWorld): ExitCode {
  // As it is now: a build may have been recorded while names were looked up.
  const old = readLockFile(file);
  const next = mergeFound(old, found);
  const lines = compareLocks(old, next);
  for (const line of lines) world.out(line);
  if (mode === "check") {
    if (lines.length > 0) world.err(`${file} is behind. To take what is new: keye lock --update`);
    return lines.length === 0 ? exitCodes.pass : exitCodes.fail;
  }
  if (next === old) {
    world.err(`Nothing to write: ${mode === "update" ? "nothing has moved" : `${file} has all that is asked for`}.`);
  } else {
    writeLockFile(file, next);
    world.err(`Wrote ${file}; commit it.`);
  }
  return exitCodes.pass;
}
