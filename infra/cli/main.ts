#!/usr/bin/env node
import { systemClock } from "../cluster/system-clock.ts";
import { nearest } from "../config/suggest.ts";
import { DeployError, textOf } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { build } from "./build.ts";
import { cancelledBySignals } from "./cancelled-by-signals.ts";
import type { Command, CommandWorld } from "./command.ts";
import { doctor } from "./doctor.ts";
import { exitCodeOf } from "./exit-code-of.ts";
import { hydrate } from "./hydrate.ts";
import { lock } from "./lock.ts";
import { plan } from "./plan.ts";
import { probe } from "./probe.ts";
import { rehearse } from "./rehearse.ts";
import { render } from "./render.ts";

const commands: readonly Command[] = [probe, render, rehearse, hydrate, lock, build, plan, doctor];

const help = `keye <command> [options]

Commands:
${commands.map((command) => `  ${command.name.padEnd(10)} ${command.summary}`).join("\n")}

Each command explains itself: keye <command> --help
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
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    const guess = nearest(
      name,
      commands.map((one) => one.name),
    );
    world.err(
      `CONFIG_USAGE: keye: no command "${name}".${guess === undefined ? "" : ` Did you mean "${guess}"?`} See keye --help.`,
    );
    return exitCodes.badInput;
  }
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
