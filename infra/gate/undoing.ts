import { DeployError, textOf } from "../core/errors.ts";
import { noRevision } from "../core/names.ts";
import type { Milliseconds } from "../core/units.ts";
import type { Aftermath } from "./aftermath.ts";
import { activeOf, deploymentOf, podsOf, readyCount } from "./app-view.ts";
import { withinDeadline } from "./deadline.ts";
import { decide, trafficPolicy } from "./decide.ts";
import type { Observation } from "./ports.ts";
import type { PromotionStop } from "./promotion-error.ts";
import { apiPhaseSeconds, type PromotionRun } from "./promotion-run.ts";

/** One call of the undoing after a cancel: the caller's own grace is a few seconds. */
const hurriedMs: Milliseconds = 3_000;

/** One call of the undoing otherwise: what ended the promotion may be an API server that is still away. */
const patientMs: Milliseconds = apiPhaseSeconds * 1000;

/** Requests that the revision before must answer after the way back. */
const requestsBack = 3;

const askAgainMs: Milliseconds = 1_000;

/** The steps that undoing a promotion is made of, whatever its strategy. Each has a deadline of its own. */
export class Undoing {
  readonly run: PromotionRun;
  /** Why the promotion ended. */
  readonly stop: PromotionStop;
  #seen: Observation | undefined;

  constructor(run: PromotionRun, stop: PromotionStop) {
    this.run = run;
    this.stop = stop;
  }

  /** After a cancel, also one that comes while this is under way: every write is issued, nothing is waited for. */
  get isHurried(): boolean {
    return this.stop.kind === "cancelled" || this.run.abort.aborted;
  }

  async observe(): Promise<Observation> {
    this.#seen = await this.call((signal) => this.run.ports.cluster.observe(this.run.ref, signal));
    return this.#seen;
  }

  /** One call that changes something, under the Lease. */
  async write<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await this.call(async (signal) => {
      await this.run.lease?.assertHeld(signal);
      return await action(signal);
    });
  }

  /** One call with a deadline of its own: the promotion's signal may be what ended it. A cancel leaves it a few seconds. */
  async call<T>(body: (signal: AbortSignal) => Promise<T>, milliseconds = this.#callMs): Promise<T> {
    const { abort, ports } = this.run;
    const settled = new AbortController();
    const cut = new AbortController();
    const hurry = () =>
      ports.clock.sleep(hurriedMs, settled.signal).then(
        () => cut.abort(this.#unanswered(hurriedMs)),
        () => undefined,
      );
    abort.addEventListener("abort", hurry, { once: true, signal: settled.signal });
    try {
      const outcome = await withinDeadline({ clock: ports.clock, milliseconds }, cut.signal, body);
      if (outcome.kind === "value") return outcome.value;
      throw this.#unanswered(milliseconds);
    } finally {
      settled.abort(new Error("settled"));
    }
  }

  /** Undefined when a revision answers through the Service; skipped in a hurry and where nothing served. */
  async verifyBack(revision: string): Promise<string | undefined> {
    const { inputs, ports, ref } = this.run;
    if (revision === noRevision || this.isHurried) return undefined;
    const spec = { profile: "smoke" as const, expectation: { weightVersion: revision } };
    const end = ports.clock.now() + inputs.deadlines.verifySeconds * 1000;
    for (;;) {
      const report = await this.call(
        (signal) => ports.prober.probeService(ref, spec, requestsBack, signal),
        end - ports.clock.now(),
      );
      const verdict = decide(trafficPolicy(requestsBack), [report]);
      if (verdict.kind === "pass") return undefined;
      if (ports.clock.now() + askAgainMs >= end) return verdict.reason;
      await ports.clock.sleep(askAgainMs);
    }
  }

  /** Scales the candidate to 0, unless it serves. */
  async park(observation: Observation): Promise<Aftermath> {
    const { inputs, ports, ref } = this.run;
    if (activeOf(observation) === inputs.revision) return this.left(observation, "serves by somebody else's doing");
    const gpus = podsOf(observation, inputs.revision).length * inputs.gpusPerReplica;
    try {
      await this.write((signal) => ports.cluster.scale(ref, inputs.workload, 0, signal));
    } catch (error) {
      if (isLockLost(this.run, error)) throw error;
      const problem = `the candidate could not be scaled to 0, so it may hold ${gpus} GPUs: ${textOf(error)}`;
      return { ...this.left(observation, "not parked"), problem };
    }
    this.run.line("park", `${inputs.workload}: rejected, scaled to 0`);
    const freed = gpus === 0 ? "" : `; its ${gpus} GPUs become free as its pods end`;
    return this.left(observation, `parked (scaled to 0)${freed}`);
  }

  /** The cluster as it was seen, and what became of the candidate. */
  left(observation: Observation, candidate: string): Aftermath {
    const active = activeOf(observation);
    return { active, serving: servingText(observation, active), candidate };
  }

  /** What is known after a call that failed: what the last look showed, or nothing. */
  lastSeen(): Aftermath {
    const candidate = "not known";
    if (this.#seen === undefined) return { active: undefined, serving: "not known", candidate };
    const { active, serving } = this.left(this.#seen, candidate);
    return { active, serving: `when last seen: ${serving}`, candidate };
  }

  #unanswered(milliseconds: Milliseconds): DeployError {
    const message = `no answer within ${milliseconds / 1000} s while undoing.`;
    return new DeployError({ code: "E_API", where: this.run.ref.namespace, message });
  }

  get #callMs(): Milliseconds {
    return this.isHurried ? hurriedMs : patientMs;
  }
}

/** Whether another writer has the Lease, as far as an error tells. */
export function isLockLost({ lease }: PromotionRun, error: unknown): boolean {
  return lease?.lost.aborted === true || (error instanceof DeployError && error.code === "E_LOCKED");
}

function servingText(observation: Observation, active: string): string {
  if (active === noRevision) return "nothing: the Service selects no revision";
  const wanted = deploymentOf(observation, active)?.spec.replicas ?? 0;
  return `revision ${active}, ${readyCount(observation, active)} of ${wanted} pods ready`;
}
