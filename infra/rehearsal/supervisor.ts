import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { DeployError, type DeployErrorParts } from "../core/errors.ts";
import type { Milliseconds } from "../core/units.ts";
import { type Layout, layoutOf } from "./control-plane/layout.ts";
import { clean, isAlive, killLeftovers, type RehearsalState, readState } from "./state.ts";

/** How a detached rehearsal is asked for, on the command line of `main.ts`. */
export interface DetachedOptions {
  readonly name: string;
  readonly dir: string;
  /** File of node shapes; the default ones where absent. */
  readonly nodes?: string;
  readonly port?: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** What the supervisor tells the process that started it, once. */
export type SupervisorMessage =
  | { readonly kind: "ready"; readonly startedIn: Milliseconds }
  | { readonly kind: "failed"; readonly error: Omit<DeployErrorParts, "cause"> };

const stopLimit: Milliseconds = 30_000;
const pollInterval: Milliseconds = 50;

/** Starts a rehearsal that goes on after this process. Resolves when it is ready; rejects with its own error. */
export async function startDetached(
  options: DetachedOptions,
): Promise<{ readonly state: RehearsalState; readonly startedIn: Milliseconds }> {
  const layout = layoutOf(options.dir);
  const logFile = `${options.dir}.log`;
  const log = openLog(logFile);
  const args = [join(import.meta.dirname, "main.ts"), "--name", options.name, "--dir", options.dir];
  if (options.nodes !== undefined) args.push("--nodes", options.nodes);
  if (options.port !== undefined) args.push("--port", String(options.port));
  const child = spawn(process.execPath, args, {
    detached: true,
    env: { ...options.env },
    stdio: ["ignore", log, log, "ipc"],
  });
  const cancel = () => child.kill("SIGTERM");
  options.signal.addEventListener("abort", cancel, { once: true });
  try {
    const message = await new Promise<SupervisorMessage & { readonly isTold: boolean }>((resolve) => {
      const died = (how: string) => resolve({ kind: "failed", error: diedError(options.dir, how), isTold: false });
      // The supervisor sends nothing else.
      child.once("message", (message) => resolve({ ...(message as SupervisorMessage), isTold: true }));
      child.once("error", (error) => died(error.message));
      child.once("exit", (code, signal) => died(`it ended with ${signal ?? code}`));
    });
    options.signal.throwIfAborted();
    if (message.kind === "failed") {
      // Where the supervisor has told it all, its log says no more. The log of one that runs already is that one's.
      if (message.isTold && message.error.code !== "E_LOCKED") rmSync(logFile, { force: true });
      throw new DeployError(message.error);
    }
    const state = readState(layout);
    if (state === undefined) throw new DeployError(diedError(options.dir, "it left no state"));
    return { state, startedIn: message.startedIn };
  } finally {
    options.signal.removeEventListener("abort", cancel);
    closeSync(log);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** Ends a rehearsal and removes what it left but for its logs. Returns what there was to end. */
export async function stopRehearsal(layout: Layout, clock: Clock): Promise<"stopped" | "was dead" | "none"> {
  const state = readState(layout);
  if (state === undefined) return "none";
  const wasAlive = isAlive(state);
  if (wasAlive) {
    process.kill(state.supervisor.pid, "SIGTERM");
    const deadline = clock.now() + stopLimit;
    while (isAlive(state) && clock.now() < deadline) await clock.sleep(pollInterval);
    if (isAlive(state)) process.kill(state.supervisor.pid, "SIGKILL");
  }
  killLeftovers(state);
  clean(layout);
  return wasAlive ? "stopped" : "was dead";
}

function openLog(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, "w");
  } catch (cause) {
    throw new DeployError({
      code: "ENV_READ_ONLY",
      where: file,
      message: "The log of the rehearsal's supervisor cannot be written.",
      hint: "Make the folder that holds it writable, or work in a copy of the project that is.",
      cause,
    });
  }
}

function diedError(dir: string, how: string): Omit<DeployErrorParts, "cause"> {
  return {
    code: "ENV_NOT_RUNNING",
    where: dir,
    message: `The rehearsal's supervisor did not come up: ${how}.`,
    hint: `Read ${dir}.log.`,
  };
}
