import { type ClockPhase, clockPhases, type PhaseBudgets } from "../core/phase-budgets.ts";
import type { EpochMs, Seconds } from "../core/units.ts";
import { clockPhaseOf } from "../status/clock-phase.ts";
import type { PodStatus } from "../status/pod-status.ts";

/** A start whose log says nothing new for so long is told of. Capturing graphs and compiling kernels are the quietest. */
const silenceSeconds: Seconds = 300;

/** How long one pod was in one phase. */
export interface PhaseSpan {
  readonly phase: ClockPhase;
  readonly seconds: Seconds;
  readonly budgetSeconds?: Seconds;
}

/** The phases that one pod went through. */
export interface PodClock {
  readonly pod: string;
  /** In the order of `clockPhases`; those that passed between two looks are left out. */
  readonly spans: readonly PhaseSpan[];
}

interface Hand {
  readonly phase: ClockPhase | undefined;
  readonly since: EpochMs;
  readonly isLateTold: boolean;
  readonly lastLine: string;
  readonly lineSince: EpochMs;
  readonly isSilenceTold: boolean;
}

/** Times the phases of each pod's start, as its looks show them: to the second or the few between two looks. */
export class PhaseClock {
  readonly #budgets: PhaseBudgets | undefined;
  readonly #hands = new Map<string, Hand>();
  readonly #spent = new Map<string, Map<ClockPhase, Seconds>>();

  constructor(budgets: PhaseBudgets | undefined) {
    this.#budgets = budgets;
  }

  /**
   * Takes in one look at a pod and the last line of its log. Returns what a person should know: a phase that has outlived
   * its budget, a log that has fallen silent. Each once.
   */
  note(status: PodStatus, lastLine: string, now: EpochMs): readonly string[] {
    const phase = clockPhaseOf(status);
    const before = this.#hands.get(status.pod);
    const isNewPhase = before === undefined || before.phase !== phase;
    if (before?.phase !== undefined && isNewPhase) this.#spend(status.pod, before.phase, (now - before.since) / 1000);
    const isNewLine = isNewPhase || before.lastLine !== lastLine;
    const since = isNewPhase ? now : before.since;
    const lineSince = isNewLine ? now : before.lineSince;
    const late = isNewPhase ? undefined : this.#lateText(before, now);
    const silent = isNewLine ? undefined : silenceText(before, status, now);
    this.#hands.set(status.pod, {
      phase,
      since,
      lastLine,
      lineSince,
      isLateTold: !isNewPhase && (before.isLateTold || late !== undefined),
      isSilenceTold: !isNewLine && (before.isSilenceTold || silent !== undefined),
    });
    return [late, silent].filter((text) => text !== undefined).map((text) => `${status.pod}: ${text}`);
  }

  /** Adds the time that a pod's probes took. */
  probed(pod: string, seconds: Seconds): void {
    this.#spend(pod, "probe", seconds);
  }

  /** How long a pod is in its present phase, and what it may: `load 41 of 740 s`. Empty for one that is in none. */
  handText(pod: string, now: EpochMs): string {
    const hand = this.#hands.get(pod);
    if (hand?.phase === undefined) return "";
    const budget = this.#budgets?.[hand.phase];
    const seconds = Math.round((now - hand.since) / 1000);
    return `${hand.phase} ${seconds}${budget === undefined ? "" : ` of ${budget}`} s`;
  }

  /** What each pod's phases took, finished ones only. */
  get clocks(): readonly PodClock[] {
    return [...this.#spent].map(([pod, spent]) => ({
      pod,
      spans: clockPhases.flatMap((phase) => {
        const seconds = spent.get(phase);
        const budgetSeconds = this.#budgets?.[phase];
        if (seconds === undefined) return [];
        return [{ phase, seconds: rounded(seconds), ...(budgetSeconds === undefined ? {} : { budgetSeconds }) }];
      }),
    }));
  }

  #spend(pod: string, phase: ClockPhase, seconds: Seconds): void {
    const spent = this.#spent.get(pod) ?? new Map<ClockPhase, Seconds>();
    spent.set(phase, (spent.get(phase) ?? 0) + seconds);
    this.#spent.set(pod, spent);
  }

  #lateText({ phase, since, isLateTold }: Hand, now: EpochMs): string | undefined {
    const budget = phase === undefined ? undefined : this.#budgets?.[phase];
    if (isLateTold || budget === undefined || now - since <= budget * 1000) return undefined;
    return `${phase} takes longer than its budget of ${budget} s`;
  }
}

/** Only a running engine writes a log: before that, silence means nothing. */
function silenceText({ isSilenceTold, lineSince }: Hand, status: PodStatus, now: EpochMs): string | undefined {
  if (isSilenceTold || status.phase !== "starting" || now - lineSince < silenceSeconds * 1000) return undefined;
  return `its log has said nothing new for ${silenceSeconds} s: ${status.detail}`;
}

/** What a pod's start took, for people: `schedule 0 s, load 41 s, graphs 12 s`. */
export function spansText(spans: readonly PhaseSpan[]): string {
  return spans.map(({ phase, seconds }) => `${phase} ${Math.round(seconds)} s`).join(", ");
}

function rounded(seconds: Seconds): Seconds {
  return Math.round(seconds * 10) / 10;
}
