import type { EpochMs, Seconds } from "../core/units.ts";
import type { PromotionRun } from "./promotion-run.ts";
import type { SupplyState } from "./supply-look.ts";

/** A transfer that has not moved for so long is told of: a stalled network looks like a slow one otherwise. */
const stallSeconds: Seconds = 60;

/** What one Job brought, for the record. */
export interface Supplied {
  readonly job: string;
  readonly kind: "hydrate" | "prePull";
  readonly node?: string;
  /** From when it was first seen at work; 0 where nothing had to be brought. */
  readonly seconds: Seconds;
}

interface Seen {
  readonly kind: SupplyState["kind"];
  readonly startedAt?: EpochMs;
  readonly seenAt: EpochMs;
  readonly doneBytes: number;
  readonly movedAt: EpochMs;
  readonly isStalled: boolean;
}

/** Turns looks at the supply's Jobs into progress lines, and keeps what each took. */
export class SupplyProgress {
  readonly #run: PromotionRun;
  readonly #seen = new Map<string, Seen>();
  #lastText = "No Job has been seen";

  constructor(run: PromotionRun) {
    this.#run = run;
  }

  /** What the last look showed, for the report of a deadline. No full stop. */
  get lastText(): string {
    return this.#lastText;
  }

  show(states: readonly SupplyState[]): void {
    for (const state of states) this.#note(state);
    const open = states.filter(({ kind }) => kind === "running");
    const finished = states.filter(({ kind }) => kind === "done" || kind === "there").length;
    const parts = open.map((state) => `${labelOf(state)}: ${state.detail}${this.#ageText(state)}`);
    const left = this.#secondsLeft(states);
    const estimate = left === undefined ? "" : `, about ${left} s left`;
    this.#lastText = [`${finished} of ${states.length} brought${estimate}`, ...parts].join("; ");
    if (finished < states.length) this.#run.status("supply", this.#lastText);
  }

  #note(state: SupplyState): void {
    const now = this.#run.ports.clock.now();
    const before = this.#seen.get(state.job.name);
    const doneBytes = state.transfer?.doneBytes ?? before?.doneBytes ?? 0;
    const hasMoved = before === undefined || doneBytes !== before.doneBytes || state.kind !== before.kind;
    const movedAt = hasMoved ? now : before.movedAt;
    const isStalled = state.transfer !== undefined && now - movedAt >= stallSeconds * 1000;
    const startedAt = before?.startedAt ?? startOf(state, before, now);
    this.#seen.set(state.job.name, {
      kind: state.kind,
      seenAt: now,
      doneBytes,
      movedAt,
      isStalled,
      ...(startedAt === undefined ? {} : { startedAt }),
    });
    if (isStalled && before?.isStalled !== true)
      this.#say(state, `has not moved for ${stallSeconds} s: ${state.detail}`);
    if (before?.kind === state.kind) return;
    if (state.kind === "running") this.#say(state, "started");
    if (state.kind === "there") this.#say(state, state.detail);
    if (state.kind === "done")
      this.#say(
        state,
        startedAt === undefined ? "was brought before" : `done after ${this.#run.secondsSince(startedAt)} s`,
      );
    if (state.kind === "done" || state.kind === "there") this.#record(state, startedAt);
  }

  #record({ job }: SupplyState, startedAt: EpochMs | undefined): void {
    const { name, kind, node } = job;
    const seconds = startedAt === undefined ? 0 : this.#run.secondsSince(startedAt);
    this.#run.supplied.push({ job: name, kind, ...(node === undefined ? {} : { node }), seconds });
  }

  #say(state: SupplyState, text: string): void {
    this.#run.line("supply", `${labelOf(state)}: ${text}`);
  }

  #ageText({ job, transfer }: SupplyState): string {
    const startedAt = this.#seen.get(job.name)?.startedAt;
    return transfer !== undefined || startedAt === undefined ? "" : ` (${this.#run.secondsSince(startedAt)} s)`;
  }

  /** By the pace of those that are done: pulls do not tell how far they have come. Undefined where there is no pace yet. */
  #secondsLeft(states: readonly SupplyState[]): Seconds | undefined {
    const paces = this.#run.supplied.filter(({ kind, seconds }) => kind === "prePull" && seconds > 0);
    const open = states.filter(({ job, kind }) => job.kind === "prePull" && (kind === "running" || kind === "waiting"));
    if (paces.length === 0 || open.length === 0) return undefined;
    const pace = paces.reduce((sum, { seconds }) => sum + seconds, 0) / paces.length;
    const running = open.filter(({ kind }) => kind === "running");
    const ages = running.map(({ job }) =>
      this.#run.secondsSince(this.#seen.get(job.name)?.startedAt ?? this.#run.startedAt),
    );
    const work = open.length * pace - ages.reduce((sum, age) => sum + Math.min(age, pace), 0);
    return Math.ceil(work / Math.max(1, this.#run.inputs.supply?.parallelism ?? 1));
  }
}

/** A short Job begins and ends between two looks: then it has begun at the first of them. */
function startOf({ kind }: SupplyState, before: Seen | undefined, now: EpochMs): EpochMs | undefined {
  if (kind === "running") return now;
  return kind === "done" && before?.kind === "waiting" ? before.seenAt : undefined;
}

function labelOf({ job }: SupplyState): string {
  const what = job.kind === "hydrate" ? "weights" : "image";
  return job.node === undefined ? what : `${what} on ${job.node}`;
}
