import type { EpochMs } from "../core/units.ts";
import { type LivesLogged, lastWords, quoteEvidence } from "../status/engine-log.ts";
import { isOfGroup } from "../status/groups.ts";
import type { Pod } from "../status/objects.ts";
import { engineStatus, isReady, isTerminating, lifeOf, restartsOf } from "../status/pod-facts.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** Lines of a running engine: its progress is at the end. */
const runningLines = 200;

/** Lines of an engine that has ended: after the cause it logs each request that it drops. */
const endedLines = 3_000;

/** Lines that are quoted in a report. */
const quotedLines = 20;

/** How long a log that nothing else hints at is taken to be unchanged. */
const freshMs = 2_000;

interface ReadLog extends LivesLogged {
  readonly state: string;
  readonly at: EpochMs;
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
    const isOver = isTerminating(pod) && !(isOfGroup(pod) && hasRestarted);
    if (!hasRun || isReady(pod) || isOver) return { log: "", previousLog: "" };
    const { name } = pod.metadata;
    const known = this.#logs.get(name);
    const now = this.#run.ports.clock.now();
    const stateText = `${lifeOf(pod)} ${Object.keys(state ?? {}).join()}`;
    if (known?.state === stateText && now - known.at < freshMs) return known;
    const isRunning = state?.running !== undefined;
    const lines = isRunning ? runningLines : endedLines;
    const log = await this.#tail(name, { previous: false, lines }, signal);
    const previousLog = hasRestarted ? await this.#tail(name, { previous: true, lines: endedLines }, signal) : "";
    const read = { state: stateText, at: now, log, previousLog, isRunning };
    this.#logs.set(name, read);
    this.#last = name;
    return read;
  }

  /** The end of the log of `pod/<name>`, for a report; empty for anything else. */
  tailOf(where: string): string[] {
    const read = this.#logs.get(where.replace(/^pod\//, ""));
    return read === undefined ? [] : quoteEvidence(lastWords(read) || read.log, quotedLines);
  }

  /** The last line that a pod's present life has logged; empty where it has logged nothing. */
  lastLineOf(pod: string): string {
    const log = this.#logs.get(pod)?.log.trimEnd() ?? "";
    return log.slice(log.lastIndexOf("\n") + 1);
  }

  /** The end of the log that was read last. */
  lastTail(): string[] {
    return this.#last === undefined ? [] : this.tailOf(this.#last);
  }

  /** A log that cannot be read must not hide what the pod's status says. */
  async #tail(
    pod: string,
    options: { readonly previous: boolean; readonly lines: number },
    signal: AbortSignal,
  ): Promise<string> {
    const { cluster } = this.#run.ports;
    try {
      return await cluster.logTail(this.#run.ref, pod, options, signal);
    } catch {
      signal.throwIfAborted();
      return "";
    }
  }
}
