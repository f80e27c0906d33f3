import { execa } from "execa";
import { DeployError, textOf } from "../core/errors.ts";
import type { Milliseconds } from "../core/units.ts";

/** How a command is run. */
export interface CommandOptions {
  readonly cwd: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
  /** Sends SIGINT, as a person's Ctrl-C would, and leaves the command time to end by itself. */
  readonly signal?: AbortSignal;
  /** SIGINT after this long, SIGKILL 15 s later. @default none */
  readonly timeout?: Milliseconds;
}

/** How a command ended. */
export interface CommandResult {
  /** 130 where a signal ended it. */
  readonly exitCode: number;
  /** stdout and stderr as they came, one text. */
  readonly output: string;
  readonly took: Milliseconds;
}

/** Runs a command to its end and gives its output line by line. Throws `ENV_TOOL` only where it cannot be started. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const started = performance.now();
  const child = execa(file, args, {
    cwd: options.cwd,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    all: true,
    reject: false,
    stdin: "ignore",
    killSignal: "SIGINT",
    forceKillAfterDelay: 15_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  const lines: string[] = [];
  for await (const line of child.iterable({ from: "all" })) {
    lines.push(line);
    options.onLine?.(line);
  }
  const result = await child;
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new DeployError({
      code: "ENV_TOOL",
      where: file,
      message: `It could not be started: ${textOf(result.cause ?? result.shortMessage)}.`,
      hint: "Run ./scripts/toolchain, and put .toolchain/bin on PATH.",
      cause: result.cause,
    });
  }
  return {
    exitCode: result.exitCode ?? 130,
    output: lines.join("\n"),
    took: Math.round(performance.now() - started),
  };
}
