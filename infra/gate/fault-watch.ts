import type { Clock } from "../core/clock.ts";
import type { EpochMs, Milliseconds } from "../core/units.ts";
import type { Fault } from "../status/fault.ts";
import { blameOf, firstFailure } from "../status/first-failure.ts";
import { groupOf, isOfGroup } from "../status/groups.ts";
import type { Event, Pod } from "../status/objects.ts";
import { isTerminating } from "../status/pod-facts.ts";
import type { PodStatus } from "../status/pod-status.ts";
import type { CandidateView } from "./ports.ts";

interface Watched {
  readonly fault: Fault;
  readonly since: EpochMs;
}

/** How long it may stay open which pod of a group ended first: the controller says so within moments. */
const openMs: Milliseconds = 5_000;

/**
 * Remembers since when each fault lasts, by our own clock: the cluster's may differ. A fault that goes away is forgotten,
 * one that comes back starts anew.
 */
export class FaultWatch {
  readonly #clock: Clock;
  readonly #replicas: number;
  #watched = new Map<string, Watched>();
  /** Pods, by UID, that the cluster took away and replaced. */
  readonly #lost = new Map<string, Fault>();
  /** Pods, by UID, that were already lost at the first look: what is left of earlier runs. */
  #lostBefore: ReadonlySet<string> | undefined;
  #known = new Map<string, Pod>();
  /** Since when a verdict waits for who ended first. */
  #openSince: EpochMs | undefined;

  constructor(clock: Clock, replicas: number) {
    this.#clock = clock;
    this.#replicas = replicas;
  }

  /** Takes in one look at the candidate; returns the fault that is a verdict by now, if any. */
  due(view: CandidateView, statuses: readonly PodStatus[], ofRevision: Fault | undefined): Fault | undefined {
    const now = this.#clock.now();
    const faults = [
      ...statuses.flatMap(({ uid, fault }) =>
        fault === undefined ? [] : [{ key: `${uid} ${fault.code}`, uid, fault }],
      ),
      ...(ofRevision === undefined ? [] : [{ key: ofRevision.code, uid: "", fault: ofRevision }]),
    ];
    this.#noteLosses(view, faults);
    this.#watched = new Map(
      faults.map(({ key, fault }) => [key, { fault, since: this.#watched.get(key)?.since ?? now }]),
    );
    const losses = [...this.#lost.values()];
    const lasting = [...this.#watched.values()].find(
      ({ fault, since }) => fault.tolerated === 0 && now - since >= fault.verdictAfterSeconds * 1000,
    );
    const due = lasting?.fault ?? losses.find(({ tolerated }) => losses.length > tolerated);
    if (due === undefined) {
      this.#openSince = undefined;
      return undefined;
    }
    const { fault, isTold } = firstFailure(due, [...faults.map((one) => one.fault), ...losses], view.events);
    this.#openSince ??= now;
    return isTold || now - this.#openSince >= openMs ? fault : undefined;
  }

  /** Time until a fault that is being watched becomes a verdict. */
  nextLook(): Milliseconds {
    const now = this.#clock.now();
    const waits = [...this.#watched.values()]
      .filter(({ fault }) => fault.tolerated === 0)
      .map(({ fault, since }) => since + fault.verdictAfterSeconds * 1000 - now);
    const open = this.#openSince === undefined ? [] : [this.#openSince + openMs - now];
    return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, ...waits, ...open));
  }

  #noteLosses(view: CandidateView, faults: readonly { readonly uid: string; readonly fault: Fault }[]): void {
    const lost = faults.filter(({ fault }) => fault.tolerated > 0);
    this.#lostBefore ??= new Set(lost.map(({ uid }) => uid));
    for (const { uid, fault } of lost) if (!this.#lostBefore.has(uid)) this.#lost.set(uid, fault);
    const staying = new Map(view.pods.filter((pod) => !isTerminating(pod)).map((pod) => [pod.metadata.uid ?? "", pod]));
    const wanted = this.#replicas * (view.deployment?.group?.size ?? 1);
    for (const [uid, pod] of this.#known) {
      if (staying.has(uid) || this.#lost.has(uid)) continue;
      // Fewer pods on purpose is a scale-down that is still under way, not a loss.
      if (staying.size >= wanted && this.#known.size > wanted) continue;
      this.#lost.set(uid, lossOf(pod, view.events));
    }
    this.#known = staying;
  }
}

/** The loss of a pod that was there at the last look and has not been seen to end. */
function lossOf(pod: Pod, events: readonly Event[]): Fault {
  const { name } = pod.metadata;
  const common = { where: `pod/${name}`, verdictAfterSeconds: 0, tolerated: 1 };
  const blame = isOfGroup(pod) ? blameOf(name, events)?.message : undefined;
  if (blame === undefined) {
    return { ...common, code: "E_EVICTED", reason: "It was deleted by someone or something else while it started." };
  }
  return {
    ...common,
    code: "E_CRASH",
    reason: `Its engine ended first in its group, which was made anew before the log could be read: ${blame}.`,
    ending: { group: groupOf(pod), isEcho: false },
  };
}
