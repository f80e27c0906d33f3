import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Milliseconds } from "../core/units.ts";

/** A program that runs for as long as its group. */
export interface ChildSpec {
  readonly name: string;
  /** Path of the executable. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gets stdout and stderr, appended. */
  readonly logFile: string;
}

/** How a child ended: one of the two is set. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface LongChild {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<ChildExit>;
  /** Undefined while it runs. */
  readonly exit: ChildExit | undefined;
  /** SIGTERM to the child's process group, SIGKILL after `grace`. Resolves when it is gone. */
  stop(grace: Milliseconds): Promise<void>;
}

/**
 * Kills every process group whose id it has been told (`+ 12`) and not been told to forget (`- 12`), once its stdin ends:
 * that is when the parent has died, in whatever way, SIGKILL included.
 */
const guardScript = `pids=' '
while read -r sign pid; do
  case $sign in
    +) pids="$pids$pid " ;;
    -) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -s KILL -- "-$pid" 2>/dev/null; done`;

/**
 * Long-running children that never outlive this process.
 *
 * Each child leads its own process group, so that Ctrl-C reaches only the parent, which then ends them in order. A small
 * shell beside them ends those that are left if the parent dies without having done so.
 */
export class ChildGroup {
  readonly #guard: ChildProcess;
  readonly #children = new Set<RunningChild>();

  constructor() {
    this.#guard = spawn("/bin/sh", ["-c", guardScript], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    // A guard that is gone can guard nothing; writing to it must not end the parent too.
    this.#guard.stdin?.on("error", () => undefined);
    this.#guard.unref();
  }

  /** Starts a child. Rejects with the operating system's error where it cannot be started. */
  async start(spec: ChildSpec): Promise<LongChild> {
    const log = openSync(spec.logFile, "a");
    try {
      const child = spawn(spec.command, spec.args, {
        env: { ...spec.env },
        stdio: ["ignore", log, log],
        detached: true,
      });
      const pid = await started(child);
      this.#guard.stdin?.write(`+ ${pid}\n`);
      const running = new RunningChild(spec, pid, child);
      this.#children.add(running);
      void running.exited.then(() => {
        this.#children.delete(running);
        this.#guard.stdin?.write(`- ${pid}\n`);
      });
      return running;
    } finally {
      closeSync(log);
    }
  }

  /** Stops all children at once, then the guard. */
  async close(grace: Milliseconds): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.stop(grace)));
    const gone = new Promise((resolve) => this.#guard.once("exit", resolve));
    const isRunning = this.#guard.exitCode === null && this.#guard.signalCode === null;
    this.#guard.ref();
    this.#guard.stdin?.end();
    if (isRunning) await gone;
  }
}

class RunningChild implements LongChild {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<ChildExit>;
  exit: ChildExit | undefined;

  constructor(spec: ChildSpec, pid: number, child: ChildProcess) {
    this.name = spec.name;
    this.pid = pid;
    this.logFile = spec.logFile;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
  }

  async stop(grace: Milliseconds): Promise<void> {
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), grace);
    await this.exited;
    clearTimeout(timer);
    // The leader is gone; what it started may not be.
    signalGroup(this.pid, "SIGKILL");
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.exit === undefined) signalGroup(this.pid, signal);
  }
}

function started(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => {
      child.removeListener("error", reject);
      resolve(child.pid ?? 0);
    });
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing is left of the group.
  }
}
