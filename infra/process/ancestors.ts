import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** More than lie between a program and the CLI that runs it: the language host, and shells that wrap either. */
const mostGenerations = 8;

/**
 * The arguments of the nearest process above this one whose program has that name, the program first. Empty where there is
 * none, or where the system does not tell: it has no `/proc`.
 *
 * @param proc where the system tells @default "/proc"
 */
export function argumentsAbove(program: string, proc = "/proc"): readonly string[] {
  try {
    let pid = String(process.ppid);
    for (let generation = 0; generation < mostGenerations; generation++) {
      const args = readFileSync(`${proc}/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
      if (basename(args[0] ?? "") === program) return args;
      const [, parent] = /^PPid:\s*(\d+)/m.exec(readFileSync(`${proc}/${pid}/status`, "utf8")) ?? [];
      if (parent === undefined) break;
      pid = parent;
    }
  } catch {
    // A process that has ended meanwhile, or is another user's, tells nothing either.
  }
  return [];
}
