import type { Clock } from "../core/clock.ts";
import { DeployError } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import type { Milliseconds } from "../core/units.ts";

/** What is used of a process. */
export interface SignalledProcess {
  on(signal: "SIGINT" | "SIGTERM", listener: (signal: string) => void): unknown;
  exit(exitCode: ExitCode): never;
}

/**
 * A terminal gives an interrupt to npx and to the command that it runs, and npx hands its own on: one key press, told twice.
 * @see npm `@npmcli/run-script`, lib/signal-manager.js
 */
const echo: Milliseconds = 100;

/**
 * A signal that aborts with `E_CANCELLED` at the first SIGINT or SIGTERM, so that a command can clean up and tell what it
 * had. A second one ends the process at once, with exit code 130.
 */
export function cancelledBySignals(process: SignalledProcess, clock: Clock): AbortSignal {
  const stop = new AbortController();
  let firstAt: number | undefined;
  const cancel = (signal: string) => {
    if (firstAt === undefined) {
      firstAt = clock.now();
      stop.abort(new DeployError({ code: "E_CANCELLED", where: "keye", message: `Cancelled by ${signal}.` }));
    } else if (clock.now() - firstAt > echo) {
      process.exit(exitCodes.cancelled);
    }
  };
  // Not `once`: execa ends the process where it finds its own listener alone at a signal, before anything is cleaned up.
  process.on("SIGINT", cancel);
  process.on("SIGTERM", cancel);
  return stop.signal;
}
