import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { createInterface } from "node:readline";
import type { Owner } from "./lock.ts";

/** What a child did. `code` is null where a signal ended it. */
export interface ChildResult {
  readonly code: number | null;
  /** The last 200 lines of both streams. */
  readonly lines: readonly string[];
}

/** How a child is run. */
export interface ChildOptions {
  readonly cwd?: string;
  /** Replaces the environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a program in a process group of its own, without standard input, until it ends. On abort the group gets SIGINT,
 * and SIGKILL after ten seconds; the promise then rejects with the signal's reason once the child is gone.
 */
export async function runChild(
  command: readonly [program: string, ...args: string[]],
  options: ChildOptions,
  signal: AbortSignal,
): Promise<ChildResult> {
  signal.throwIfAborted();
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (lines.length > 200) lines.shift();
      options.onLine?.(line);
    });
  }
  const kill = (name: NodeJS.Signals) => {
    if (child.pid === undefined || child.exitCode !== null) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // The group ended between the look and the signal.
    }
  };
  let escalation: NodeJS.Timeout | undefined;
  const abort = () => {
    kill("SIGINT");
    escalation = setTimeout(() => kill("SIGKILL"), 10_000);
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    signal.throwIfAborted();
    return { code, lines };
  } finally {
    clearTimeout(escalation);
    signal.removeEventListener("abort", abort);
  }
}

/** This process, as the owner of a lock. */
export function thisProcess(): Owner {
  return { host: hostname(), pid: process.pid, started: startOf(process.pid) ?? "unknown" };
}

/** Whether a lock's owner still runs: same host, same process number, same start. Another host's owner counts as running. */
export function isRunning(owner: Owner): boolean {
  return owner.host !== hostname() || startOf(owner.pid) === owner.started;
}

/** Whether any process of this machine has that number. */
export function runningPid(pid: number): boolean {
  return startOf(pid) !== undefined;
}

/** The start time of a live process; undefined where there is none, or only an unreaped one. */
function startOf(pid: number): string | undefined {
  try {
    // The program's name, in brackets, may hold spaces and brackets: the fields start after the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
