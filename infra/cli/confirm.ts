import { createInterface } from "node:readline/promises";
import type { CommandWorld } from "./command.ts";
import { usageError } from "./flags.ts";

/** Asks a person; anything but yes is no. Throws `CONFIG_USAGE` where nobody can answer, and the signal's reason when it aborts. */
export async function confirm(question: string, command: string, { signal }: CommandWorld): Promise<boolean> {
  if (!process.stdin.isTTY) throw usageError(command, "there is no terminal to ask on; give --yes.");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal });
    return /^\s*y(es)?\s*$/i.test(answer);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    terminal.close();
  }
}
