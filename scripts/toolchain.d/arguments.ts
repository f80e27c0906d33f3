import { parseArgs } from "node:util";
import { DeployError, textOf } from "../../infra/core/errors.ts";
import { realNodeTools } from "./real-node-tools.ts";
import { type Tool, tools } from "./tools.ts";

/** What the command line asks for. */
export interface Wanted {
  readonly action: "bring" | "list" | "help";
  readonly tools: readonly Tool[];
  /** Whether to run `npm ci` where packages are missing or stale. */
  readonly npm: boolean;
}

/** The text of `--help`. */
export const help = `Usage: ./scripts/toolchain [--real-node | --only NAME,…] [--no-npm] [--list | --help]

Brings the tools that this project runs into .toolchain/bin, then the npm packages.

  --real-node    also what real nodes of the rehearsal need: ${namesOf(realNodeTools)}
  --only NAME,…  only these tools: ${namesOf([...tools, ...realNodeTools])}
  --no-npm       leave node_modules alone
  --list         say where each tool would come from, and change nothing
  --help         this text

Each tool comes from PATH where its version fits, else from the cache, else from the official
download (checksum verified), else it is built from a pinned Go module. The cache is shared by
clones: KEYE_TOOLCHAIN_CACHE, by default keye-stack/toolchain under XDG_CACHE_HOME or ~/.cache.

Exit codes: 0 all there, 2 unknown option or tool, 4 a tool cannot be had here, 130 interrupted.`;

/** Reads the command line. Throws `CONFIG_USAGE` for what it does not know. */
export function parseArguments(args: readonly string[]): Wanted {
  const options = {
    only: { type: "string" },
    "real-node": { type: "boolean" },
    "no-npm": { type: "boolean" },
    list: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw usage(`${textOf(error)}.`);
  }
  return {
    action: values.help ? "help" : values.list ? "list" : "bring",
    tools: wantedTools(values.only, values["real-node"] === true),
    npm: values["no-npm"] !== true,
  };
}

function wantedTools(only: string | undefined, hasRealNodes: boolean): readonly Tool[] {
  const whole = hasRealNodes ? [...tools, ...realNodeTools] : tools;
  if (only === undefined) return whole;
  if (hasRealNodes) throw usage("--only and --real-node exclude each other.");
  return only.split(",").map(toolNamed);
}

function namesOf(some: readonly Tool[]): string {
  return some.map((tool) => tool.name).join(", ");
}

function toolNamed(name: string): Tool {
  const tool = [...tools, ...realNodeTools].find((each) => each.name === name || each.companion?.name === name);
  if (tool === undefined) throw usage(`no tool is called "${name}".`);
  return tool;
}

function usage(message: string): DeployError {
  return new DeployError({
    code: "CONFIG_USAGE",
    where: "toolchain",
    message,
    hint: "See ./scripts/toolchain --help.",
  });
}
