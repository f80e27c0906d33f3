import type { EpochMs } from "../core/units.ts";
import type { Pod } from "../status/objects.ts";
import { engineStatus, isReady, isTerminating, lifeOf, restartsOf } from "../status/pod-facts.ts";
import { quoteTail } from "../status/redact.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** Lines that are read: enough for a traceback and what led to it. */
const readLines = 200;

/** Lines that are quoted in a report. */
const quotedLines = 20;

/** How long a log that nothing else hints at is taken to be unchanged. */
const freshMs = 2_000;

interface ReadLog {
  readonly state: string;
  readonly at: EpochMs;
  readonly log: string;
  readonly previousLog: string;
}

/** Reads the logs of starting pods, no oftener than progress lines need. */
export class LogReader {
  readonly #run: PromotionRun;
  readonly #logs = new Map<string, ReadLog>();
  #last: string | undefined;

  constructor(run: PromotionRun) {
    this.#run = run;
  }

  /** The engine's log and that of its life before; both empty where there is nothing to read or it cannot be had. */
  async read(pod: Pod, signal: AbortSignal): Promise<{ readonly log: string; readonly previousLog: string }> {
    const state = engineStatus(pod)?.state;
    const hasRestarted = restartsOf(pod) > 0;
    const hasRun = state?.running !== undefined || state?.terminated !== undefined || hasRestarted;
    if (!hasRun || isReady(pod) || isTerminating(pod)) return { log: "", previousLog: "" };
    const { name } = pod.metadata;
    const known = this.#logs.get(name);
    const now = this.#run.ports.clock.now();
    const stateText = `${lifeOf(pod)} ${Object.keys(state ?? {}).join()}`;
    if (known?.state === stateText && now - known.at < freshMs) return known;
    const log = await this.#tail(name, false, signal);
    const previousLog = hasRestarted ? await this.#tail(name, true, signal) : "";
    const read = { state: stateText, at: now, log, previousLog };
    this.#logs.set(name, read);
    this.#last = name;
    return read;
  }

  /** The end of the log of `pod/<name>`, for a report; empty for anything else. */
  tailOf(where: string): string[] {
    const read = this.#logs.get(where.replace(/^pod\//, ""));
    return read === undefined ? [] : quoteTail(read.log || read.previousLog, quotedLines);
  }

  /** The end of the log that was read last. */
  lastTail(): string[] {
    return this.#last === undefined ? [] : this.tailOf(this.#last);
  }

  /** A log that cannot be read must not hide what the pod's status says. */
  async #tail(pod: string, previous: boolean, signal: AbortSignal): Promise<string> {
    const { cluster } = this.#run.ports;
    try {
      return await cluster.logTail(this.#run.ref, pod, { previous, lines: readLines }, signal);
    } catch {
      signal.throwIfAborted();
      return "";
    }
  }
}
