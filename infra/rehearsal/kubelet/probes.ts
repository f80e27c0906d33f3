import type { Clock } from "../../core/clock.ts";
import type { ContainerSpec, ProbeDefinition } from "./pod-types.ts";
import { attemptProbe, isRunnable } from "./probe-attempt.ts";
import { countResult, type ProbeState } from "./probe-state.ts";

export type ProbeKind = "Startup" | "Readiness" | "Liveness";

/** Gets what the probes of one container instance find. */
export interface ProbeListener {
  /** The start-up probe has passed, or there is none. */
  onStarted(): void;
  onReady(isReady: boolean): void;
  /** The failure threshold of a probe is reached that has the container restarted. */
  onUnhealthy(kind: "Startup" | "Liveness"): void;
  /** One attempt failed. */
  onFailure(kind: ProbeKind, message: string): void;
  /** The rehearsal cannot run this probe and takes it as passed. */
  onSkipped(kind: ProbeKind): void;
}

export interface ProbeOptions {
  readonly container: ContainerSpec;
  readonly podIP: string;
  readonly clock: Clock;
  readonly listener: ProbeListener;
  /** Ends all probes. */
  readonly ended: AbortSignal;
  /** Ends the start-up and the liveness probe: a pod that is being stopped is not restarted. */
  readonly stopping: AbortSignal;
}

/**
 * Runs a container's probes as written, from its start until it has ended. The start-up probe holds back the others.
 *
 * @see kubernetes 1.36 `pkg/kubelet/prober/worker.go`
 */
export async function runProbes(options: ProbeOptions): Promise<void> {
  const { container, listener, ended, stopping } = options;
  const mortal = AbortSignal.any([ended, stopping]);
  const startedAt = options.clock.now();
  const probe = (kind: ProbeKind, definition: ProbeDefinition | undefined, signal: AbortSignal) =>
    verdicts({ ...options, kind, definition, signal, startedAt });
  for await (const isUp of probe("Startup", container.startupProbe, mortal)) {
    if (isUp) break;
    listener.onUnhealthy("Startup");
    return;
  }
  if (mortal.aborted) return;
  listener.onStarted();
  await Promise.all([watchReadiness(), watchLiveness()]);

  async function watchReadiness(): Promise<void> {
    for await (const isReady of probe("Readiness", container.readinessProbe, ended)) listener.onReady(isReady);
  }

  async function watchLiveness(): Promise<void> {
    if (container.livenessProbe === undefined) return;
    for await (const isAlive of probe("Liveness", container.livenessProbe, mortal)) {
      if (isAlive) continue;
      listener.onUnhealthy("Liveness");
      return;
    }
  }
}

interface Run extends ProbeOptions {
  readonly kind: ProbeKind;
  readonly definition: ProbeDefinition | undefined;
  readonly signal: AbortSignal;
  readonly startedAt: number;
}

/** What a probe's thresholds make of its attempts; one pass for a probe that is absent or cannot be run. */
async function* verdicts(run: Run): AsyncGenerator<boolean> {
  const { kind, definition: probe, signal, clock, listener } = run;
  if (probe === undefined || !isRunnable(probe)) {
    if (probe !== undefined) listener.onSkipped(kind);
    yield true;
    return;
  }
  const thresholds = { success: probe.successThreshold ?? 1, failure: probe.failureThreshold ?? 3 };
  const period = (probe.periodSeconds ?? 10) * 1000;
  let state: ProbeState | undefined;
  let next = run.startedAt + (probe.initialDelaySeconds ?? 0) * 1000;
  while (await pause(run, next - clock.now())) {
    next = clock.now() + period;
    const result = await attemptProbe(probe, run.container, run.podIP);
    if (signal.aborted) return;
    if (!result.ok) listener.onFailure(kind, result.message);
    const counted = countResult(state, result, thresholds);
    state = counted.state;
    if (counted.verdict !== undefined) yield counted.verdict;
  }
}

/** False where the probe ended meanwhile. */
async function pause({ clock, signal }: Run, duration: number): Promise<boolean> {
  if (signal.aborted) return false;
  await clock.sleep(Math.max(0, duration), signal).catch(() => undefined);
  return !signal.aborted;
}
