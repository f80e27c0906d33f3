import { exitCodes } from "../../infra/core/exit-codes.ts";

/**
 * Runs a script's body with a signal that aborts on SIGINT, SIGTERM or SIGHUP, and sets the process's exit code from
 * what it returns: 130 where it was interrupted.
 */
export async function interruptible(body: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const interrupt = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Not `once`: execa ends the process where it finds its own listener alone at a signal, before anything is cleaned up.
    process.on(name, () => interrupt.abort(new Error(`interrupted by ${name}`)));
  }
  try {
    process.exitCode = await body(interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    process.exitCode = exitCodes.cancelled;
  }
}
