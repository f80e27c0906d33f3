import { parseArgs } from "node:util";
import { DeployError, textOf } from "../../infra/core/errors.ts";
import { groupTools } from "./group-tools.ts";
import { realNodeTools } from "./real-node-tools.ts";
import { type Tool, tools } from "./tools.ts";

/** What the command line asks for. */
export interface Wanted {
  readonly action: "bring" | "list" | "help";
  readonly tools: readonly Tool[];
  /** Whether to run `npm ci` where packages are missing or stale. */
  readonly npm: boolean;
}

const allTools: readonly Tool[] = [...tools, ...realNodeTools, ...groupTools];

/** The text of `--help`. */
export const help = `Usage: ./scripts/toolchain [--real-node] [--groups] [--only NAME,…] [--no-npm] [--list | --help]

Brings the tools that this project runs into .toolchain/bin, then the npm packages.

  --real-node    also what real nodes of the rehearsal need: ${namesOf(realNodeTools)}
  --groups       also what replicas of several pods need there: ${namesOf(groupTools)}
  --only NAME,…  only these tools: ${namesOf(allTools)}
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
    groups: { type: "boolean" },
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
    tools: wantedTools(values.only, [
      ...(values["real-node"] === true ? realNodeTools : []),
      ...(values.groups === true ? groupTools : []),
    ]),
    npm: values["no-npm"] !== true,
  };
}

function wantedTools(only: string | undefined, more: readonly Tool[]): readonly Tool[] {
  if (only === undefined) return [...tools, ...more];
  if (more.length > 0) throw usage("--only excludes --real-node and --groups.");
  return only.split(",").map(toolNamed);
}

function namesOf(some: readonly Tool[]): string {
  return some.map((tool) => tool.name).join(", ");
}

function toolNamed(name: string): Tool {
  const tool = allTools.find((each) => each.name === name || each.companion?.name === name);
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
