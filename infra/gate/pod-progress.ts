import type { EpochMs } from "../core/units.ts";
import type { PodStatus } from "../status/pod-status.ts";
import type { PromotionRun } from "./promotion-run.ts";

interface Seen {
  readonly phase: string;
  readonly wasReady: boolean;
  readonly losses: number;
  /** When the first shard count was seen, and what it was: for the estimate. */
  readonly shard?: { readonly at: EpochMs; readonly done: number };
}

/** Turns looks at the candidate's pods into progress lines: one that stays for each new phase, one that passes otherwise. */
export class PodProgress {
  readonly #run: PromotionRun;
  readonly #deadline: EpochMs;
  readonly #seen = new Map<string, Seen>();
  #lastStatus = "";

  constructor(run: PromotionRun, deadline: EpochMs) {
    this.#run = run;
    this.#deadline = deadline;
  }

  /** `lastLineOf` gives the last line of a pod's log, empty where it has none. */
  show(statuses: readonly PodStatus[], lastLineOf: (pod: string) => string): void {
    const now = this.#run.ports.clock.now();
    const { phaseClock } = this.#run;
    for (const status of statuses) {
      this.#note(status);
      for (const text of phaseClock.note(status, lastLineOf(status.pod), now)) this.#run.line("ready", text);
    }
    const parts = statuses.map((status) => {
      const hand = phaseClock.handText(status.pod, now);
      return `${status.pod} ${status.detail}${this.#estimate(status, now)}${hand === "" ? "" : ` (${hand})`}`;
    });
    const text = parts.length === 0 ? "no pod yet" : parts.join("; ");
    if (text === this.#lastStatus) return;
    this.#lastStatus = text;
    this.#run.status("ready", `${text}; deadline in ${Math.max(0, Math.round((this.#deadline - now) / 1000))} s`);
  }

  /** A sentence on pods that were ready and then were not, for the report of a deadline. Empty where there are none. */
  flapText(): string {
    const flapping = [...this.#seen].filter(([, { losses }]) => losses > 0);
    if (flapping.length === 0) return "";
    const counts = flapping.map(([pod, { losses }]) => `${pod} ${losses === 1 ? "once" : `${losses} times`}`);
    return ` Was ready and lost it: ${counts.join(", ")}.`;
  }

  #note(status: PodStatus): void {
    const before = this.#seen.get(status.pod);
    const phase = status.progress?.phase ?? status.phase;
    const isReady = status.phase === "ready";
    const lost = before?.wasReady === true && !isReady;
    const shards = status.progress?.shards;
    const shard = before?.shard ?? (shards && { at: this.#run.ports.clock.now(), done: shards.done });
    this.#seen.set(status.pod, {
      phase,
      wasReady: isReady,
      losses: (before?.losses ?? 0) + (lost ? 1 : 0),
      ...(shard === undefined ? {} : { shard }),
    });
    if (lost) this.#run.line("ready", `${status.pod}: was ready and is not any more`);
    // One that is ready at the first look has made its way before.
    if (before?.phase !== phase && !(before === undefined && isReady))
      this.#run.line("ready", `${status.pod}: ${status.detail}`);
  }

  /** By the pace since the first count; nothing where there is no pace yet. */
  #estimate({ pod, progress }: PodStatus, now: EpochMs): string {
    const first = this.#seen.get(pod)?.shard;
    const shards = progress?.shards;
    if (first === undefined || shards === undefined || shards.done <= first.done) return "";
    const perShard = (now - first.at) / (shards.done - first.done);
    return `, about ${Math.round((perShard * (shards.total - shards.done)) / 1000)} s more`;
  }
}
