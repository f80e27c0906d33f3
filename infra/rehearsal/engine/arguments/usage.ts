import type { Flag } from "./flags.ts";

/** Name that the server gives itself in usage and error lines, whichever way it was started. */
export const program = "sglang serve";

/** The usage text as argparse wraps it for a terminal of 80 columns, line by line. */
export function usageLines(flags: readonly Flag[]): readonly string[] {
  const prefix = "usage: ";
  const indent = " ".repeat(prefix.length + program.length + 1);
  const lines: string[] = [];
  let line = `${prefix}${program}`;
  for (const part of ["[-h]", ...flags.map(usageOf)]) {
    if (line.length + 1 + part.length > 78 && line.trim() !== "") {
      lines.push(line);
      line = `${indent.slice(1)} ${part}`;
    } else {
      line = `${line} ${part}`;
    }
  }
  return [...lines, line];
}

function usageOf(flag: Flag): string {
  const [name = ""] = flag.flags;
  const call = `${name}${argumentOf(flag)}`;
  return flag.required ? call : `[${call}]`;
}

function argumentOf(flag: Flag): string {
  if (flag.type === "flag") return "";
  if (flag.type === "switch") return ` | ${flag.flags.at(-1)}`;
  const name = (flag.flags[0] ?? "").replace(/^--/, "").replaceAll("-", "_").toUpperCase();
  const metavar = flag.choices === undefined ? name : `{${flag.choices.join(",")}}`;
  switch (flag.nargs) {
    case "+":
      return ` ${metavar} [${metavar} ...]`;
    case "*":
      return ` [${metavar} ...]`;
    case "?":
      return ` [${metavar}]`;
    default:
      return ` ${metavar}`;
  }
}
