import { readdirSync, readFileSync } from "node:fs";
import type { Milliseconds } from "../../infra/core/units.ts";
import { residentMiB } from "./memory.ts";

/** What a command took of the machine. */
export interface TreeUse {
  /** Processor time, of all its processes that have ended. */
  readonly busy: Milliseconds;
  /** The most that all its processes held in memory together, pages that they share counted in each. */
  readonly totalMiB: number;
  /** The most that each of its programs held, by {@link programOf}. */
  readonly programs: ReadonlyMap<string, number>;
}

const interval = 200;

/**
 * Runs `act` and looks five times a second at what this process's descendants hold, but for `others` and theirs. Linux only;
 * what lives shorter than that may be missed.
 */
export async function watchTree<T>(
  others: readonly number[],
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly use: TreeUse }> {
  const programs = new Map<string, number>();
  let totalMiB = 0;
  function look(): void {
    let total = 0;
    for (const pid of descendants(process.pid, new Set(others))) {
      const held = heldBy(pid);
      if (held === undefined) continue;
      total += held.mib;
      programs.set(held.program, Math.max(held.mib, programs.get(held.program) ?? 0));
    }
    totalMiB = Math.max(totalMiB, total);
  }
  const timer = setInterval(look, interval);
  const before = busyChildren();
  try {
    const result = await act();
    return { result, use: { busy: busyChildren() - before, totalMiB, programs } };
  } finally {
    clearInterval(timer);
  }
}

function descendants(root: number, others: ReadonlySet<number>): number[] {
  const children = Map.groupBy(
    readdirSync("/proc").filter((name) => /^\d+$/.test(name)),
    (pid) => parentOf(pid),
  );
  const below = (pid: number): number[] =>
    (children.get(pid) ?? [])
      .map(Number)
      .filter((child) => !others.has(child))
      .flatMap((child) => [child, ...below(child)]);
  return below(root);
}

/** Processor time of the children that have ended, and of theirs. */
function busyChildren(): Milliseconds {
  const [user = "0", system = "0"] = afterName(readFileSync("/proc/self/stat", "utf8")).slice(13, 15);
  return (Number(user) + Number(system)) * tick;
}

/** Linux counts in hundredths of a second, whatever its own clock. */
const tick: Milliseconds = 10;

/** The fields of a process's `stat` after its name, which may hold anything: state, parent, and so on. */
function afterName(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** 0 for a process that is gone. */
function parentOf(pid: string): number {
  try {
    return Number(afterName(readFileSync(`/proc/${pid}/stat`, "utf8"))[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Undefined for a process that is gone. */
function heldBy(pid: number): { readonly program: string; readonly mib: number } | undefined {
  try {
    return { program: programOf(readFileSync(`/proc/${pid}/cmdline`, "utf8")), mib: residentMiB(pid) };
  } catch {
    return undefined;
  }
}

const known = [
  { program: "rollgate", pattern: /rollgate\/main\.ts/ },
  { program: "kubernetes provider", pattern: /resource-kubernetes|provider\/main\.ts/ },
  { program: "program", pattern: /@pulumi\/pulumi\/cmd\/run/ },
  { program: "pulumi", pattern: /^(\S*\/)?pulumi\0/ },
  { program: "helm", pattern: /^(\S*\/)?helm\0/ },
] as const;

/** Which of the programs of a `pulumi` command a command line is. */
function programOf(commandLine: string): string {
  return known.find(({ pattern }) => pattern.test(commandLine))?.program ?? "other";
}
