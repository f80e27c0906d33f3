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
  {
    name: "status",
    summary: "shows what serves, each revision's pods and GPUs, who promotes, and what comes next",
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "explain",
    summary: "tells why a revision was promoted or rejected, from the records of its verdicts",
    load: async () => (await import("./explain.ts")).explain,
  },
  {
    name: "rollback",
    summary: "promotes an earlier revision again: proven first, then switched to",
    load: async () => (await import("./rollback.ts")).rollback,
  },
  {
    name: "doctor rollout",
    summary: "says what a promotion that ended early has left, and how to go on",
    load: async () => (await import("./doctor-rollout.ts")).doctorRollout,
  },
  {
    name: "watchdog",
    summary: "brings the old revision back if a promotion by recreate dies; run by its Job",
    load: async () => (await import("./watchdog.ts")).watchdog,
  },
];

const help = `keye <command> [options]

Commands:
${commands.map((command) => `  ${command.name.padEnd(15)} ${command.summary}`).join("\n")}

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
  const [name] = args;
  if (name === undefined || isHelp(name) || name === "help") {
    world.out(help);
    return name === undefined ? exitCodes.badInput : exitCodes.pass;
  }
  if (name === "--version" || name === "version") {
    world.out(`keye ${version}`);
    return exitCodes.pass;
  }
  const listed = listedFor(args);
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
  const rest = args.slice(listed.name.split(" ").length);
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
        : `keye ${listed.name}: ${error instanceof Error ? error.stack : textOf(error)}`,
    );
    return exitCodeOf(error);
  }
}

/** The command whose name the arguments begin with; of two words, where both are there. */
function listedFor(args: readonly string[]): Listed | undefined {
  const named = (count: number) => commands.find(({ name }) => name === args.slice(0, count).join(" "));
  return named(2) ?? named(1);
}

function isHelp(arg: string): boolean {
  return arg === "--help" || arg === "-h";
}

// Set instead of called: output that is still on its way to a pipe is not cut off.
process.exitCode = await main(process.argv.slice(2));
