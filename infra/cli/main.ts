#!/usr/bin/env node
import { systemClock } from "../cluster/system-clock.ts";
import { nearest } from "../config/suggest.ts";
import { DeployError, textOf } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { version } from "../core/version.ts";
import { cancelledBySignals } from "./cancelled-by-signals.ts";
import type { Command, CommandWorld } from "./command.ts";
import { exitCodeOf } from "./exit-code-of.ts";

/** A command in the list. Its code is loaded when it is called: all of them together take most of a second. */
interface Listed {
  readonly name: string;
  /** One line for `keye --help`. */
  readonly summary: string;
  load(): Promise<Command>;
}

const commands: readonly Listed[] = [
  {
    name: "probe",
    summary: "asks one engine, or every pod of a Service, whether it is fit to serve",
    load: async () => (await import("./probe.ts")).probe,
  },
  {
    name: "render",
    summary: "writes the stack's objects as YAML, for GitOps pipelines",
    load: async () => (await import("./render.ts")).render,
  },
  {
    name: "rehearse",
    summary: "runs an embedded cluster with simulated GPU nodes and engines",
    load: async () => (await import("./rehearse.ts")).rehearse,
  },
  {
    name: "hydrate",
    summary: "loads a model's weights into a folder: resumes, verifies, marks it complete",
    load: async () => (await import("./hydrate.ts")).hydrate,
  },
  {
    name: "lock",
    summary: "records what tags, branches and revisions stand for in keye.lock.yaml",
    load: async () => (await import("./lock.ts")).lock,
  },
  {
    name: "build",
    summary: "builds the engine's image from source on the cluster, and records its digest",
    load: async () => (await import("./build.ts")).build,
  },
  {
    name: "plan",
    summary: "computes whether the model fits on a GPU, and with which arguments",
    load: async () => (await import("./plan.ts")).plan,
  },
  {
    name: "doctor",
    summary: "says what of a cluster keeps a stack from running, and what to do",
    load: async () => (await import("./doctor.ts")).doctor,
  },
];

const help = `keye <command> [options]

Commands:
${commands.map((command) => `  ${command.name.padEnd(10)} ${command.summary}`).join("\n")}

Each command explains itself: keye <command> --help
keye --version says which this is.
Exit codes: 0 pass, 1 fail, 2 bad input, 3 inconclusive, 4 locked or environment, 130 cancelled.
`;

async function main(args: readonly string[]): Promise<ExitCode> {
  const world: CommandWorld = {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    env: process.env,
    signal: cancelledBySignals(process, systemClock),
  };
  const [name, ...rest] = args;
  if (name === undefined || isHelp(name) || name === "help") {
    world.out(help);
    return name === undefined ? exitCodes.badInput : exitCodes.pass;
  }
  if (name === "--version" || name === "version") {
    world.out(`keye ${version}`);
    return exitCodes.pass;
  }
  const listed = commands.find((one) => one.name === name);
  if (listed === undefined) {
    const guess = nearest(
      name,
      commands.map((one) => one.name),
    );
    world.err(
      `CONFIG_USAGE: keye: no command "${name}".${guess === undefined ? "" : ` Did you mean "${guess}"?`} See keye --help.`,
    );
    return exitCodes.badInput;
  }
  const command = await listed.load();
  if (rest.some(isHelp)) {
    world.out(command.help);
    return exitCodes.pass;
  }
  try {
    return await command.run(rest, world);
  } catch (error) {
    world.err(
      error instanceof DeployError
        ? error.message
        : `keye ${name}: ${error instanceof Error ? error.stack : textOf(error)}`,
    );
    return exitCodeOf(error);
  }
}

function isHelp(arg: string): boolean {
  return arg === "--help" || arg === "-h";
}

// Set instead of called: output that is still on its way to a pipe is not cut off.
process.exitCode = await main(process.argv.slice(2));
