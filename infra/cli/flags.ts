import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { nearest } from "../config/suggest.ts";
import { DeployError, faultLine } from "../core/errors.ts";

/**
 * Parses a command's flags. Anything it does not know is refused with the nearest flag that it does, and so is a flag given
 * twice that has room for one value: which of the two was meant is not for us to guess.
 */
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
  const parsed = strictly(command, args, options);
  const given = parsed.tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
  const repeated = given.filter((name, index) => options[name]?.multiple !== true && given.indexOf(name) !== index);
  if (repeated.length > 0) {
    const list = [...new Set(repeated)].map((name) => `--${name}`).join(", ");
    throw usageError(command, `${list}: given more than once.`);
  }
  return parsed;
}

function strictly<T extends ParseArgsOptionsConfig>(command: string, args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true, tokens: true });
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
