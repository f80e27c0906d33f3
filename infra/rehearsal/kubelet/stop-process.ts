import type { Clock } from "../../core/clock.ts";
import type { Seconds } from "../../core/units.ts";
import type { EngineProcess } from "../engine/launch.ts";

export interface StopOptions {
  readonly graceSeconds: Seconds;
  /** The preStop hook; its time counts against the grace period. */
  readonly hook?: () => Promise<void>;
  readonly clock: Clock;
  /** Ends the grace period at once. */
  readonly hurry: AbortSignal;
}

/** What every process gets after a hook that used up the grace period. */
const shortestGrace: Seconds = 2;

/**
 * Stops a process as a kubelet does: hook, SIGTERM, and SIGKILL when the grace period is over. Resolves when it has ended.
 *
 * @see kubernetes 1.36 `pkg/kubelet/kuberuntime/kuberuntime_container.go`, killContainer
 */
export async function stopProcess(process: EngineProcess, options: StopOptions): Promise<void> {
  const { graceSeconds, hook, clock, hurry } = options;
  const deadline = clock.now() + graceSeconds * 1000;
  if (hook !== undefined) await within(hook(), graceSeconds * 1000, options);
  if (!hurry.aborted) {
    process.kill("SIGTERM");
    await within(process.exited, Math.max(shortestGrace * 1000, deadline - clock.now()), options);
  }
  process.kill("SIGKILL");
  await process.exited;
}

/** Resolves when `work` is done, when `limit` milliseconds are over, or when the stop is hurried. */
async function within(work: Promise<unknown>, limit: number, { clock, hurry }: StopOptions): Promise<void> {
  const done = new AbortController();
  const timer = clock.sleep(limit, AbortSignal.any([done.signal, hurry])).catch(() => undefined);
  await Promise.race([work, timer]);
  done.abort();
}
