import { DeployError, textOf } from "../core/errors.ts";
import { noRevision } from "../core/names.ts";
import type { PromotionInputs, PromotionOutputs } from "../core/promotion-inputs.ts";
import type { Aftermath } from "./aftermath.ts";
import { podsOf, readyCount } from "./app-view.ts";
import { keepBaseline } from "./baseline.ts";
import { blueGreen, verifyInPlace } from "./blue-green.ts";
import { canary } from "./canary/canary.ts";
import { settleRamp } from "./canary/settle.ts";
import { compensate } from "./compensate.ts";
import { withinDeadline } from "./deadline.ts";
import { evidenceNameOf, type SavedEvidence, saveEvidence } from "./evidence-store.ts";
import { observe, type Situation } from "./phase-observe.ts";
import { parkLeftovers } from "./phase-preflight.ts";
import { tidySelector } from "./phase-switch.ts";
import { PromotionFailed, PromotionStop, RollbackFailed } from "./promotion-error.ts";
import type { PromotionPorts } from "./promotion-ports.ts";
import { apiPhaseSeconds, PromotionRun } from "./promotion-run.ts";
import type { Proof } from "./proof.ts";
import { recreate } from "./recreate/recreate.ts";
import { type Postmortem, postmortem } from "./report-lines.ts";

/** Proves the target and lets it serve; resolves with the proof of the pods that serve then. */
type CarryOut = (run: PromotionRun, situation: Situation) => Promise<Proof>;

/** Milliseconds that writing the record of a failure may take. */
const recordMs = 10_000;

/** Milliseconds that giving the Lease back may take: longer than the adapter's own try. */
const unlockMs = 15_000;

/**
 * Proves the target revision and lets it serve, or leaves what serves as it is. Runs under the app's Lease, derives
 * everything from live objects, and may be run again after any end.
 *
 * Resolves once the target serves, proven and verified. Rejects with `PromotionFailed` when it does not and all was
 * undone, with `RollbackFailed` when undoing failed too, and with a `DeployError` `CONFIG_INVALID` for `auto`,
 * which is decided before. After `signal` aborts no traffic is switched to the candidate.
 */
export async function promote(
  inputs: PromotionInputs,
  ports: PromotionPorts,
  signal: AbortSignal,
): Promise<PromotionOutputs> {
  const carryOut = strategyOf(inputs);
  const run = new PromotionRun(inputs, ports, signal);
  try {
    run.lease = await run.phase({ name: "lock", seconds: apiPhaseSeconds }, async (inner) => {
      return await ports.lease.acquire(run.ref, ports.holder, inner);
    });
    return await underLease(run, carryOut);
  } catch (error) {
    throw await settle(run, error);
  } finally {
    await unlock(run);
  }
}

/** The way by which a revision that does not serve takes the place of the one that does. */
function strategyOf({ strategy, namespace, app }: PromotionInputs): CarryOut {
  switch (strategy) {
    case "blueGreen":
      return blueGreen;
    case "recreate":
      return recreate;
    case "canary":
      return canary;
    case "auto":
      throw new DeployError({
        code: "CONFIG_INVALID",
        where: `${namespace}/${app}: rollout.strategy`,
        message: `got "${strategy}", wanted blueGreen, canary or recreate: which one it comes to is decided before a promotion.`,
      });
    default:
      return strategy satisfies never;
  }
}

async function underLease(run: PromotionRun, carryOut: CarryOut): Promise<PromotionOutputs> {
  const situation = await settleRamp(run, await observe(run));
  if (situation.kind === "proven") return await alreadyProven(run, situation);
  const proof = await wayOf(run, situation, carryOut)(run, situation);
  // The work is done: a cancel that comes now would only lose the record of it.
  const options = { name: "evidence" as const, seconds: apiPhaseSeconds, ignoresAbort: true };
  const evidence = await run.phase(options, async (signal) => {
    await run.lease?.assertHeld(signal);
    return await saveEvidence(run, { kind: "pass" }, signal);
  });
  run.line("evidence", `ConfigMap ${evidence.name}, sha256 ${evidence.sha256.slice(0, 12)}`);
  await keepBaseline(run, proof);
  return outputsOf(
    run,
    evidence,
    proof.map(({ uid }) => uid),
  );
}

/**
 * Where nothing serves yet, nothing has to make room: every strategy is the same. A canary that finds no pod to go beside,
 * since the selector leads to nothing or the old revision is broken, has nobody to keep serving: what holds the GPUs goes.
 */
function wayOf(run: PromotionRun, { kind, observation }: Situation, carryOut: CarryOut): CarryOut {
  if (kind !== "candidate") return verifyInPlace;
  if (run.previous === noRevision) return blueGreen;
  const isBesideNobody = observation.traffic.kind === "revision" && readyCount(observation, run.previous) === 0;
  return carryOut === canary && isBesideNobody ? recreate : carryOut;
}

async function alreadyProven(run: PromotionRun, situation: Situation): Promise<PromotionOutputs> {
  await tidySelector(run, situation);
  await parkLeftovers(run, situation);
  const evidence = {
    name: evidenceNameOf(run.inputs),
    sha256: run.ports.sha256(situation.evidenceJson ?? ""),
    finishedAt: situation.evidence?.finishedAt ?? "",
  };
  const pods = podsOf(situation.observation, run.inputs.revision);
  const uids = pods.map(({ metadata }) => metadata.uid ?? "");
  return outputsOf(run, evidence, uids);
}

function outputsOf(run: PromotionRun, evidence: SavedEvidence, podUids: readonly string[]): PromotionOutputs {
  const outageSeconds = run.outage.secondsUntil(run.ports.clock.now());
  return {
    activeRevision: run.inputs.revision,
    previousRevision: run.previous === noRevision ? null : run.previous,
    provenAt: evidence.finishedAt,
    evidence: { configMap: evidence.name, sha256: evidence.sha256 },
    podUids: podUids.toSorted(),
    ...(outageSeconds === undefined ? {} : { outageSeconds }),
  };
}

/** Undoes, records, and turns the end of the run into the error that the caller gets. */
async function settle(run: PromotionRun, error: unknown): Promise<unknown> {
  if (!(error instanceof PromotionStop)) return error;
  const phase = error.phase ?? run.timeline.at(-1)?.name ?? "lock";
  const isLocked = run.lease !== undefined;
  const aftermath: Aftermath = isLocked
    ? await compensate(run, error)
    : { active: undefined, serving: "", candidate: "untouched" };
  const recorded = isLocked ? await record(run, error) : {};
  const parts: Postmortem = { run, stop: error, phase, aftermath, evidence: undefined, ...recorded };
  return failure(parts);
}

function failure(parts: Postmortem): PromotionFailed {
  const { run, stop, phase, aftermath, evidence } = parts;
  const report = postmortem(parts);
  const shared = {
    where: stop.where,
    phase,
    kind: stop.kind,
    report,
    cause: stop,
    ...(evidence === undefined ? {} : { evidence }),
  };
  if (aftermath.problem === undefined) return new PromotionFailed({ code: stop.code, ...shared });
  return new RollbackFailed({
    code: "E_ROLLBACK_FAILED",
    ...shared,
    id: `${run.ref.namespace}/${run.ref.app}`,
    properties: {
      ...run.inputs,
      activeRevision: aftermath.active ?? run.previous,
      previousRevision: run.previous === noRevision ? null : run.previous,
    },
    reasons: [report],
  });
}

/** Records a verdict. A cancelled run has none, a lost Lease forbids it, and a repeated one is on record already. */
async function record(
  run: PromotionRun,
  stop: PromotionStop,
): Promise<Pick<Postmortem, "evidence" | "evidenceProblem">> {
  if (stop.recorded !== undefined) return { evidence: stop.recorded.name };
  if (stop.kind === "cancelled" || stop.kind === "lost") return { evidence: undefined };
  try {
    const limit = { clock: run.ports.clock, milliseconds: recordMs };
    const saved = await withinDeadline(limit, AbortSignal.any([]), async (signal) => {
      await run.lease?.assertHeld(signal);
      return await saveEvidence(run, { kind: "stopped", stop }, signal);
    });
    if (saved.kind === "value") return { evidence: saved.value.name };
    return { evidence: undefined, evidenceProblem: `no answer within ${recordMs / 1000} s` };
  } catch (error) {
    return { evidence: undefined, evidenceProblem: textOf(error) };
  }
}

async function unlock(run: PromotionRun): Promise<void> {
  const { lease } = run;
  if (lease === undefined) return;
  try {
    const limit = { clock: run.ports.clock, milliseconds: unlockMs };
    const outcome = await withinDeadline(limit, AbortSignal.any([]), () => lease.release());
    if (outcome.kind === "deadline") throw new Error(`no answer within ${unlockMs / 1000} s`);
  } catch (error) {
    run.line("unlock", `the Lease could not be released and will expire by itself: ${textOf(error)}`);
  }
}
