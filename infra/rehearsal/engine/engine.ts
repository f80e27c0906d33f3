import type { Clock } from "../../core/clock.ts";
import type { EpochMs } from "../../core/units.ts";
import type { Fault } from "./faults.ts";
import type { EngineLog } from "./log.ts";
import type { MemoryPlan } from "./memory.ts";
import type { Metrics } from "./metrics.ts";
import type { Model } from "./model.ts";
import type { Scheduler } from "./scheduler.ts";
import type { ServerArgs } from "./server-args.ts";

/** `Starting` until the warm-up is through, `UnHealthy` after a health check that got no answer. */
export type ServerStatus = "Starting" | "Up" | "UnHealthy";

/** What the routes see of a running server. */
export interface Engine {
  readonly args: ServerArgs;
  readonly model: Model;
  readonly memory: MemoryPlan;
  readonly env: Readonly<Record<string, string>>;
  readonly fault: Fault | undefined;
  readonly clock: Clock;
  /** Simulated seconds in one real second, for what is slow only once. */
  readonly speed: number;
  readonly log: EngineLog;
  /** A line of the first scheduler. */
  readonly logScheduler: (text: string) => void;
  readonly scheduler: Scheduler;
  readonly metrics: Metrics;
  readonly startedAt: EpochMs;
  /** Aborts when the process ends. */
  readonly life: AbortSignal;
  status: ServerStatus;
  /** Set by SIGTERM: only /health takes notice. */
  isDraining: boolean;
  /** Whether chat meets a full queue, by the fault `busy-after-ready`. */
  isRefusing: boolean;
  /**
   * Requests that were admitted and not yet forgotten, by rid. One that fails after its admission stays for ever, and with
   * it the drain.
   */
  readonly rids: Set<string>;
  /** Set while the first film of the process is being read, and after: later films wait for it, then are fast. */
  firstVideo: Promise<void> | undefined;
  /** Called by every request that reaches the tokenizer process: the first one installs the SIGTERM handler. */
  readonly onTokenizerUse: () => void;
}

/** A number unlike all others of this process, as hexadecimal digits. */
export function newRid(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
