import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { DeployError, textOf } from "../../infra/core/errors.ts";
import { type ExitCode, exitCodes } from "../../infra/core/exit-codes.ts";
import { interruptible } from "../lib/interrupt.ts";
import { help, parseArguments } from "./arguments.ts";
import type { BringWorld } from "./bring.ts";
import { Cache } from "./cache.ts";
import { link } from "./links.ts";
import { makeBinaries } from "./make.ts";
import { providePackages } from "./npm.ts";
import { noSourceError } from "./plan.ts";
import { isRunning, runningPid, thisProcess } from "./processes.ts";
import { type Row, table } from "./progress.ts";
import { plannedRow, provide } from "./provide.ts";
import { survey, versionOf } from "./survey.ts";
import type { Arch } from "./tools.ts";

const root = resolve(import.meta.dirname, "../..");
const bin = join(root, ".toolchain", "bin");

async function main(args: readonly string[], signal: AbortSignal): Promise<void> {
  const wanted = parseArguments(args);
  if (wanted.action === "help") return console.log(help);
  const arch = archHere();
  const cache = new Cache(cacheRoot(), join(import.meta.dirname, "modules"), arch);
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "" && resolve(folder) !== bin);
  const found = await survey(wanted.tools, { arch, cache, path }, signal);
  if (wanted.action === "list") {
    return console.log(table([nodeRow(), ...wanted.tools.map((tool) => plannedRow(tool, found))]));
  }
  const impossible = noSourceError(wanted.tools, found);
  if (impossible !== undefined) throw impossible;

  const world: BringWorld = {
    cache,
    lock: { self: thisProcess(), isRunning, sleep: (duration, stop) => wait(duration, undefined, { signal: stop }) },
    say: console.log,
    make: (tool, source, folder) => makeBinaries({ tool, source, folder }, { cache, say: console.log }, signal),
    versionOf,
  };
  cache.sweep(runningPid);
  const rows: Row[] = [nodeRow()];
  linkNode();
  for (const tool of wanted.tools) rows.push(...(await provide(tool, { survey: found, world, bin }, signal)));
  if (wanted.npm) rows.push(await providePackages({ root, path: [bin, ...path].join(delimiter), world }, signal));
  console.log(`\n${table(rows)}`);
}

/** `scripts/toolchain` has found or brought Node and tells how. */
function nodeRow(): Row {
  const [source = "PATH", took] = (process.env.KEYE_TOOLCHAIN_NODE ?? "").split("|");
  return {
    name: "node",
    version: process.versions.node,
    source: source === "" ? "PATH" : source,
    duration: took === undefined ? undefined : Number(took) * 1000,
  };
}

function linkNode(): void {
  for (const name of ["node", "npm", "npx"]) {
    const beside = join(dirname(process.execPath), name);
    if (existsSync(beside)) link(bin, name, beside);
  }
}

function archHere(): Arch {
  if (process.platform === "linux" && process.arch === "x64") return "amd64";
  if (process.platform === "linux" && process.arch === "arm64") return "arm64";
  throw new DeployError({
    code: "ENV_TOOL",
    where: "toolchain",
    message: `the tools are brought for Linux on x64 and arm64; this is ${process.platform} on ${process.arch}.`,
    hint: "Run it in a Linux container or virtual machine.",
  });
}

function cacheRoot(): string {
  const { KEYE_TOOLCHAIN_CACHE: own, XDG_CACHE_HOME: caches } = process.env;
  if (own) return resolve(own);
  return join(caches || join(homedir(), ".cache"), "keye-stack", "toolchain");
}

/** Puts a failure into words and picks the exit code. */
function report(error: unknown): ExitCode {
  if (error instanceof DeployError) {
    console.error(error.message);
    return error.code === "CONFIG_USAGE" ? exitCodes.badInput : exitCodes.environment;
  }
  if (error instanceof Error && "syscall" in error) {
    console.error(
      `ENV_READ_ONLY: toolchain: ${textOf(error)}. Set KEYE_TOOLCHAIN_CACHE to a folder with 2 GB to write.`,
    );
    return exitCodes.environment;
  }
  console.error(error);
  return exitCodes.fail;
}

await interruptible(async (signal) => {
  try {
    await main(process.argv.slice(2), signal);
    return exitCodes.pass;
  } catch (error) {
    if (!signal.aborted) return report(error);
    console.error("Interrupted. What was finished is kept; the next run goes on from there.");
    return exitCodes.cancelled;
  }
});
