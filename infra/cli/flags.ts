import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { nearest } from "../config/suggest.ts";
import { DeployError, faultLine } from "../core/errors.ts";

/** Parses a command's flags; anything it does not know is refused with the nearest flag that it does. */
export function parseFlags<T extends ParseArgsOptionsConfig>(command: string, args: readonly string[], options: T) {
  const known = Object.keys(options);
  const unknown = args
    .filter((arg) => arg.startsWith("--"))
    .map((arg) => arg.slice(2).split("=")[0] ?? "")
    .filter((flag) => !known.includes(flag));
  if (unknown.length > 0) {
    const list = unknown.map((flag) => {
      const guess = nearest(flag, known);
      return `--${flag}${guess === undefined ? "" : ` (did you mean --${guess}?)`}`;
    });
    throw usageError(command, `unknown option ${list.join(", ")}.`);
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw usageError(command, `${faultLine(error).split(". ")[0]}.`);
  }
}

/** A `CONFIG_USAGE` error that points to the command's help. */
export function usageError(command: string, message: string): DeployError {
  return new DeployError({
    code: "CONFIG_USAGE",
    where: `keye ${command}`,
    message,
    hint: `See keye ${command} --help.`,
  });
}
