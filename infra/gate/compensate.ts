import { DeployError, textOf } from "../core/errors.ts";
import { noRevision } from "../core/names.ts";
import { trafficOfRevision } from "../core/traffic.ts";
import type { Milliseconds, Seconds } from "../core/units.ts";
import { activeOf, deploymentOf, podsOf, readyCount } from "./app-view.ts";
import { withinDeadline } from "./deadline.ts";
import { decide, trafficPolicy } from "./decide.ts";
import type { Observation } from "./ports.ts";
import type { PromotionStop } from "./promotion-error.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** What a stopped promotion left behind. */
export interface Aftermath {
  /** The revision that the live Service selects; undefined where that could not be found out. */
  readonly active: string | undefined;
  /** What serves now, for people. */
  readonly serving: string;
  /** What became of the candidate, for people. */
  readonly candidate: string;
  /** Seconds from the stop until the revision before served again, where traffic was switched back. */
  readonly switchedBackSeconds?: Seconds;
  /** Why undoing did not succeed; undefined where it did. */
  readonly problem?: string;
}

/** One call of the undoing after a cancel: the caller's own grace is a few seconds. */
const hurriedMs: Milliseconds = 3_000;

/** One call of the undoing otherwise. */
const patientMs: Milliseconds = 20_000;

/** Requests that the revision before must answer after the way back. */
const requestsBack = 3;

const askAgainMs: Milliseconds = 1_000;

/**
 * Undoes what the run changed, deciding by what the cluster shows and not by what the run remembers. The candidate is
 * parked unless it serves; traffic goes back only to a revision with ready pods. Never rejects.
 */
export async function compensate(run: PromotionRun, stop: PromotionStop): Promise<Aftermath> {
  if (stop.kind === "lost") return handsOff(run);
  const undo = new Undo(run, stop.kind === "cancelled" ? hurriedMs : patientMs);
  try {
    return await undo.run();
  } catch (error) {
    if (isLockLost(run, error)) return handsOff(run);
    return { ...undo.lastSeen(), problem: `could not undo: ${textOf(error)}` };
  }
}

class Undo {
  readonly #run: PromotionRun;
  readonly #callMs: Milliseconds;
  #seen: Observation | undefined;

  constructor(run: PromotionRun, callMs: Milliseconds) {
    this.#run = run;
    this.#callMs = callMs;
  }

  async run(): Promise<Aftermath> {
    const observation = await this.#observe();
    const { stage, inputs } = this.#run;
    const isOurSwitch = stage === "switched" || stage === "switching";
    if (isOurSwitch && activeOf(observation) === inputs.revision) return await this.#switchBack(observation);
    if (stage === "untouched") return this.#left(observation, candidateText(observation, inputs.revision));
    if (stage === "verified") return this.#left(observation, "serves, and has proven it; nothing was undone");
    return await this.#park(observation);
  }

  async #switchBack(observation: Observation): Promise<Aftermath> {
    const { inputs, previous, ports, ref } = this.#run;
    const begun = ports.clock.now();
    if (previous !== noRevision && readyCount(observation, previous) === 0) {
      const problem = `revision ${previous} has no ready pod to go back to, so the candidate was left serving.`;
      return { ...this.#left(observation, "still serves"), problem };
    }
    const outcome = await this.#call(async (signal) => {
      await this.#run.lease?.assertHeld(signal);
      return await ports.cluster.switchTraffic(
        ref,
        trafficOfRevision(inputs.revision),
        trafficOfRevision(previous),
        signal,
      );
    });
    const after = await this.#observe();
    if (outcome.kind === "conflict") return await this.#park(after);
    const wrong = await this.#verifyBack();
    if (wrong !== undefined) {
      const problem = `traffic is back at ${previous}, which does not answer as it should: ${wrong}`;
      return { ...this.#left(after, "left running"), problem };
    }
    const switchedBackSeconds = Math.round((ports.clock.now() - begun) / 100) / 10;
    this.#run.line("switch", `back to ${previous === noRevision ? "nothing" : previous} in ${switchedBackSeconds} s`);
    return { ...(await this.#park(after)), switchedBackSeconds };
  }

  /** Undefined when the revision before answers through the Service; skipped in a hurry and where nothing served. */
  async #verifyBack(): Promise<string | undefined> {
    const { previous, inputs, ports, ref } = this.#run;
    if (previous === noRevision || this.#callMs === hurriedMs) return undefined;
    const spec = { profile: "smoke" as const, expectation: { weightVersion: previous } };
    const end = ports.clock.now() + inputs.deadlines.verifySeconds * 1000;
    for (;;) {
      const report = await this.#call(
        (signal) => ports.prober.probeService(ref, spec, requestsBack, signal),
        end - ports.clock.now(),
      );
      const verdict = decide(trafficPolicy(requestsBack), [report]);
      if (verdict.kind === "pass") return undefined;
      if (ports.clock.now() + askAgainMs >= end) return verdict.reason;
      await ports.clock.sleep(askAgainMs);
    }
  }

  async #park(observation: Observation): Promise<Aftermath> {
    const { inputs, ports, ref } = this.#run;
    if (activeOf(observation) === inputs.revision) return this.#left(observation, "serves by somebody else's doing");
    const gpus = podsOf(observation, inputs.revision).length * inputs.gpusPerReplica;
    try {
      await this.#call(async (signal) => {
        await this.#run.lease?.assertHeld(signal);
        await ports.cluster.scale(ref, inputs.workload, 0, signal);
      });
    } catch (error) {
      if (isLockLost(this.#run, error)) throw error;
      const problem = `the candidate could not be scaled to 0, so it may hold ${gpus} GPUs: ${textOf(error)}`;
      return { ...this.#left(observation, "not parked"), problem };
    }
    this.#run.line("park", `${inputs.workload}: rejected, scaled to 0`);
    const freed = gpus === 0 ? "" : `; its ${gpus} GPUs become free as its pods end`;
    return this.#left(observation, `parked (scaled to 0)${freed}`);
  }

  #left(observation: Observation, candidate: string): Aftermath {
    const active = activeOf(observation);
    return { active, serving: servingText(observation, active), candidate };
  }

  /** What is known after a call that failed: what the last look showed, or nothing. */
  lastSeen(): Aftermath {
    const candidate = "not known";
    if (this.#seen === undefined) return { active: undefined, serving: "not known", candidate };
    const { active, serving } = this.#left(this.#seen, candidate);
    return { active, serving: `when last seen: ${serving}`, candidate };
  }

  async #observe(): Promise<Observation> {
    this.#seen = await this.#call((signal) => this.#run.ports.cluster.observe(this.#run.ref, signal));
    return this.#seen;
  }

  /** One call with a deadline of its own: the promotion's signal may be what ended it. */
  async #call<T>(body: (signal: AbortSignal) => Promise<T>, milliseconds = this.#callMs): Promise<T> {
    const limit = { clock: this.#run.ports.clock, milliseconds };
    const outcome = await withinDeadline(limit, AbortSignal.any([]), body);
    if (outcome.kind === "value") return outcome.value;
    const message = `no answer within ${milliseconds / 1000} s while undoing.`;
    throw new DeployError({ code: "E_API", where: this.#run.ref.namespace, message });
  }
}

function servingText(observation: Observation, active: string): string {
  if (active === noRevision) return "nothing: the Service selects no revision";
  const wanted = deploymentOf(observation, active)?.spec.replicas ?? 0;
  return `revision ${active}, ${readyCount(observation, active)} of ${wanted} pods ready`;
}

function candidateText(observation: Observation, revision: string): string {
  const replicas = deploymentOf(observation, revision)?.spec.replicas ?? 0;
  return activeOf(observation) === revision ? "serves; nothing was changed" : `untouched, at ${replicas} replicas`;
}

function isLockLost({ lease }: PromotionRun, error: unknown): boolean {
  return lease?.lost.aborted === true || (error instanceof DeployError && error.code === "E_LOCKED");
}

/** Another writer has the Lease and decides from here on; after a switch the candidate may be left serving unverified. */
function handsOff({ stage, inputs }: PromotionRun): Aftermath {
  const left: Aftermath = {
    active: undefined,
    serving: "as the new holder of the Lease decides",
    candidate: "left as it was; nothing more was written",
  };
  if (stage !== "switching" && stage !== "switched") return left;
  return { ...left, problem: `the Lease was lost with ${inputs.revision} switched to but not verified.` };
}
