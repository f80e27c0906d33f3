import { basename } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { Seconds } from "../../core/units.ts";
import type { ContainerSpec, HookSpec } from "./pod-types.ts";
import { httpAttempt } from "./probe-attempt.ts";

export interface HookOptions {
  readonly container: ContainerSpec;
  readonly podIP: string;
  readonly clock: Clock;
  readonly hurry: AbortSignal;
}

/** A hook's request may take as long as the grace period lets it: the caller ends the wait. */
const hookTimeout = 3_600_000;

/**
 * Runs a preStop hook: `sleep`, `httpGet`, or an `exec` that only sleeps. Returns why it failed, or why the rehearsal left
 * it out; undefined when it ran.
 */
export async function runHook(hook: HookSpec, options: HookOptions): Promise<string | undefined> {
  const { container, podIP, clock, hurry } = options;
  if (hook.httpGet !== undefined) {
    const result = await httpAttempt(hook.httpGet, { container, podIP, timeout: hookTimeout });
    return result.ok ? undefined : `PreStopHook failed: ${result.message}`;
  }
  const seconds = hook.sleep?.seconds ?? sleepSeconds(hook.exec?.command ?? []);
  if (seconds === undefined) return "the rehearsal runs no commands in containers but sleep: the hook was left out";
  await clock.sleep(seconds * 1000, hurry).catch(() => undefined);
  return undefined;
}

/** Seconds of a command that is `sleep N`, also by way of `sh -c`; undefined for any other. */
export function sleepSeconds(command: readonly string[]): Seconds | undefined {
  const [program = "", flag, script] = command;
  const isShell = ["sh", "bash"].includes(basename(program)) && flag === "-c" && command.length === 3;
  const words = isShell ? (script ?? "").trim().split(/\s+/) : command;
  const [name = "", amount = "", ...rest] = words;
  const isSleep = basename(name) === "sleep" && /^\d+(\.\d+)?s?$/.test(amount) && rest.length === 0;
  return isSleep ? Number.parseFloat(amount) : undefined;
}
