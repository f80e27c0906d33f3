import type { ExitCode } from "../core/exit-codes.ts";

/** What a command may use of the world around it. */
export interface CommandWorld {
  /** Machine output, to stdout. */
  readonly out: (text: string) => void;
  /** Human text, to stderr. */
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

/** One `keye <name>` command. */
export interface Command {
  /** The whole text of `keye <name> --help`. */
  readonly help: string;
  /** Gets the arguments after the command's name. Throws `DeployError` for what a person must mend. */
  run(args: readonly string[], world: CommandWorld): Promise<ExitCode>;
}
