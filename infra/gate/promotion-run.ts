import { DeployError, textOf } from "../core/errors.ts";
import { noRevision } from "../core/names.ts";
import type { PromotionInputs } from "../core/promotion-inputs.ts";
import type { Traffic } from "../core/traffic.ts";
import type { EpochMs, Seconds } from "../core/units.ts";
import type { Ramp } from "./canary/ramp.ts";
import { withinDeadline } from "./deadline.ts";
import type { BaselineUsed } from "./evidence.ts";
import { PhaseClock } from "./phase-clock.ts";
import type { PhaseName, PhaseRecord, Stage } from "./phases.ts";
import type { AppRef, HeldLease } from "./ports.ts";
import { PromotionStop, type StopParts } from "./promotion-error.ts";
import type { PromotionPorts } from "./promotion-ports.ts";
import type { ProvenPod } from "./proof.ts";
import { Outage } from "./recreate/outage.ts";
import type { Supplied } from "./supply-progress.ts";

/** How a phase is run. */
export interface PhaseOptions {
  readonly name: PhaseName;
  /** Deadline of the phase; the promotion's own may come first. */
  readonly seconds: Seconds;
  /** What it means that the phase's own deadline came. Inconclusive where absent. */
  readonly onDeadline?: () => Omit<StopParts, "where">;
  /** True where stopping in the middle would be worse than finishing. */
  readonly ignoresAbort?: boolean;
}

/**
 * Seconds that a phase of a few API calls may take. The client behind the ports waits two minutes for an API server that
 * is away: a phase that gave up before it would undo what the next answer lets go on.
 */
export const apiPhaseSeconds = 180;

/** One promotion while it runs: what it is asked, what it holds, and how far it has come. */
export class PromotionRun {
  readonly inputs: PromotionInputs;
  readonly ports: PromotionPorts;
  readonly ref: AppRef;
  /** Aborts when the caller cancels. */
  readonly abort: AbortSignal;
  readonly startedAt: EpochMs;
  readonly timeline: PhaseRecord[] = [];
  /** Things a reader of the evidence should know, such as an image digest that could not be compared. */
  readonly notes: string[] = [];
  /** Pods of the candidate that have been measured, passed or not. */
  readonly measured: ProvenPod[] = [];
  /** What each pod's start takes. */
  readonly phaseClock: PhaseClock;
  /** What was brought to volumes and nodes before the candidate was scaled. */
  readonly supplied: Supplied[] = [];
  /** Phase and detail of each of the candidate's pods at the last look, by name. */
  lastSeen: ReadonlyMap<string, string> = new Map();
  /** Replicas that the revision shall have. */
  replicas: number;
  /** What the candidate's answers were compared with, once its pods were asked. */
  baseline: BaselineUsed | undefined;
  stage: Stage = "untouched";
  /** The revision that served when the promotion began. */
  previous: string = noRevision;
  /** Replicas that the revision which served was asked to have when the promotion began. */
  previousReplicas = 0;
  /** What the run has led clients to, or found them led to when it began. */
  traffic: Traffic = { kind: "none" };
  switchedAt: EpochMs | undefined;
  /** When the Service's endpoints were seen to be the proven pods alone. They follow the switch, late where the API is away. */
  endpointsAt: EpochMs | undefined;
  /** Set from just before the first label of a canary. */
  ramp: Ramp | undefined;
  /** Aborts with why, where something that all phases rely on does not hold any more. */
  alarm: AbortSignal | undefined;
  /** For how long nobody has served, where the strategy takes the revision before away first. */
  readonly outage = new Outage();
  /** Set from when the revision before is asked to go so that the candidate finds room: its replicas then. */
  emptied: { readonly since: EpochMs; readonly replicas: number } | undefined;
  lease: HeldLease | undefined;

  constructor(inputs: PromotionInputs, ports: PromotionPorts, abort: AbortSignal) {
    this.inputs = inputs;
    this.replicas = inputs.replicas;
    this.phaseClock = new PhaseClock(inputs.budgets);
    this.ports = ports;
    this.ref = { namespace: inputs.namespace, app: inputs.app, service: inputs.service };
    this.abort = abort;
    this.startedAt = ports.clock.now();
  }

  /** A line of progress that stays: `[ready] 2 of 2 pods ready after 41 s`. */
  line(phase: PhaseName, text: string): void {
    this.ports.progress.line(`[${phase}] ${text}`);
  }

  /** A line of progress that the next one may replace. */
  status(phase: PhaseName, text: string): void {
    this.ports.progress.status(`[${phase}] ${text}`);
  }

  /** Whole seconds since `moment`. */
  secondsSince(moment: EpochMs): Seconds {
    return Math.round((this.ports.clock.now() - moment) / 1000);
  }

  /** Runs one phase under its deadline, the promotion's, the caller's abort and the Lease. Rejects with a `PromotionStop`. */
  async phase<T>(options: PhaseOptions, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock } = this.ports;
    const startedAt = clock.now();
    const totalLeft = this.startedAt + this.inputs.deadlines.totalSeconds * 1000 - startedAt;
    const isTotal = totalLeft < options.seconds * 1000;
    const outer = [...(options.ignoresAbort ? [] : [this.abort]), this.lease?.lost, this.alarm].filter(
      (signal) => signal !== undefined,
    );
    const record = (outcome: PhaseRecord["outcome"]) =>
      this.timeline.push({ name: options.name, startedAt, finishedAt: clock.now(), outcome });
    try {
      const limit = { clock, milliseconds: isTotal ? totalLeft : options.seconds * 1000 };
      const outcome = await withinDeadline(limit, AbortSignal.any(outer), body);
      if (outcome.kind === "deadline") throw this.deadlineStop(options, isTotal);
      record("pass");
      return outcome.value;
    } catch (error) {
      const stop = this.stopOf(error, options);
      record(stop.kind);
      throw stop;
    }
  }

  /** Makes one write, after checking that the Lease is still ours and nobody has cancelled. */
  async write<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    await this.lease?.assertHeld(signal);
    signal.throwIfAborted();
    return await action();
  }

  /** Ends the promotion, naming the candidate unless the parts name something closer. */
  stop(parts: Omit<StopParts, "where"> & { readonly where?: string }): PromotionStop {
    return new PromotionStop({ where: `${this.ref.namespace}/${this.inputs.workload}`, ...parts });
  }

  private deadlineStop(options: PhaseOptions, isTotal: boolean): PromotionStop {
    if (!isTotal && options.onDeadline !== undefined) return this.stop(options.onDeadline());
    const which = isTotal
      ? `the whole promotion's deadline (${this.inputs.deadlines.totalSeconds} s)`
      : `its deadline (${options.seconds} s)`;
    const seen = options.onDeadline?.().message;
    const last = seen === undefined ? "" : ` ${seen}`;
    return this.stop({
      kind: "inconclusive",
      code: "GATE_DEADLINE",
      message: `phase ${options.name} reached ${which} without a verdict.${last}`,
    });
  }

  /** What an error that came up in a phase means for the promotion. */
  stopOf(error: unknown, options: Pick<PhaseOptions, "name" | "ignoresAbort">): PromotionStop {
    if (error instanceof PromotionStop) return error;
    if (this.lease?.lost.aborted || (this.lease && error instanceof DeployError && error.code === "E_LOCKED")) {
      const message = `the Lease was lost to another writer while in phase ${options.name}: ${textOf(error)}`;
      return this.stop({ kind: "lost", code: "E_LOCKED", message, cause: error });
    }
    if (this.abort.aborted && !options.ignoresAbort) {
      return this.stop({ kind: "cancelled", code: "E_CANCELLED", message: `cancelled in phase ${options.name}.` });
    }
    if (error instanceof DeployError) {
      const { code, where } = error;
      return this.stop({ kind: "inconclusive", code, where, message: bareText(error), cause: error });
    }
    const message = `phase ${options.name} ended unexpectedly: ${textOf(error)}`;
    return this.stop({ kind: "inconclusive", code: "GATE_INCONCLUSIVE", message, cause: error });
  }
}

/** A DeployError's message and hint, without code and place. */
function bareText(error: DeployError): string {
  const prefix = `${error.code}: ${error.where}: `;
  return error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
}
