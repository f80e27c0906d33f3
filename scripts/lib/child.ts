import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

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
 * and SIGKILL after half a minute; the promise then rejects with the signal's reason once the child is gone.
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
    escalation = setTimeout(() => kill("SIGKILL"), 30_000);
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
