import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseDocument } from "yaml";
import { configError, parseConfig } from "../config/parse.ts";
import type { StackConfig } from "../config/stack-config.ts";
import { DeployError, faultLine } from "../core/errors.ts";
import { readTextIfThere } from "../process/text-file.ts";
import { usageError } from "./flags.ts";

/**
 * Reads the settings of a stack from its file, `Pulumi.<stack>.yaml`, as `pulumi up` does. Throws `CONFIG_FILE` for a file
 * that cannot be read or is no YAML, `CONFIG_INVALID` with every problem of the settings.
 */
export function readStackFile(file: string): StackConfig {
  const document = parseDocument(readText(file));
  const problem = document.errors[0];
  if (problem !== undefined) {
    throw new DeployError({
      code: "CONFIG_FILE",
      where: file,
      message: `Not readable as YAML: ${faultLine(problem)}.`,
    });
  }
  const settings: unknown = document.toJS();
  const parsed = parseConfig(stackObjectOf(settings), (name) => readTextIfThere(join(dirname(file), name)));
  if (parsed.kind === "problems") throw configError(parsed.problems, file);
  return parsed.config;
}

/** The file with settings that a command means where none is named: the only one here. Throws `CONFIG_USAGE`. */
export function onlyStackFile(command: string): string {
  const files = readdirSync(".").filter((name) => /^Pulumi\..+\.yaml$/.test(name));
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0) return only;
  throw usageError(
    command,
    only === undefined
      ? "there is no Pulumi.<stack>.yaml here; name one with --stack-file."
      : `there are ${files.sort().join(", ")}; name one with --stack-file.`,
  );
}

/** What stands under `config` and `keye-stack:stack`. */
function stackObjectOf(settings: unknown): unknown {
  const config = fieldOf(settings, "config");
  return fieldOf(config, "keye-stack:stack");
}

function fieldOf(value: unknown, field: string): unknown {
  return value !== null && typeof value === "object"
    ? Object.entries(value).find(([key]) => key === field)?.[1]
    : undefined;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new DeployError({
      code: "CONFIG_FILE",
      where: file,
      message: `The settings of the stack could not be read: ${faultLine(error)}.`,
      hint: "Run it in the folder of Pulumi.yaml, and name a stack that has a file there.",
      cause: error,
    });
  }
}
