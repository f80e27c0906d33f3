import { revisionOf } from "../../status/groups.ts";
import { recreateRefusal } from "../../status/headroom/report.ts";
import { hasEnded } from "../../status/pod-facts.ts";
import { deploymentOf, namesOf, readyCount } from "../app-view.ts";
import { proveCandidate, verifyServing } from "../blue-green.ts";
import { longestDrain } from "../drain.ts";
import { saveEvidence } from "../evidence-store.ts";
import { lookUntil } from "../look.ts";
import type { Situation } from "../phase-observe.ts";
import { parkLeftovers, preflight, requireRoom } from "../phase-preflight.ts";
import { scaleCandidate, warmCache } from "../phase-ready.ts";
import { bringSupply } from "../phase-supply.ts";
import { switchTraffic } from "../phase-switch.ts";
import type { Observation } from "../ports.ts";
import { apiPhaseSeconds, type PromotionRun } from "../promotion-run.ts";
import type { Proof } from "../proof.ts";
import { startWatchdog, stopWatchdog } from "./phase-watchdog.ts";

/** Time between two looks at the outage's end: to so much it is measured. */
const outageLookMs = 100;

/**
 * Strategy recreate: the stable revision goes, then the candidate comes in its place. Needs the GPUs of one of them, and
 * nobody serves meanwhile. All that can be known without a GPU is known before the stable revision is touched; if the
 * candidate fails it comes back (`undo.ts`), and if this run dies a watchdog brings it back.
 */
export async function recreate(run: PromotionRun, situation: Situation): Promise<Proof> {
  await preflight(run, situation, recreateRefusal);
  await parkLeftovers(run, situation, { isRoomAwaited: false });
  await bringSupply(run);
  await letComeBack(run, situation);
  // Weights may have taken hours: nodes that were cordoned or taken meanwhile would let neither revision start.
  await run.phase({ name: "preflight", seconds: apiPhaseSeconds }, (signal) =>
    requireRoom(run, situation, recreateRefusal, signal),
  );
  adoptEmpty(run);
  await startWatchdog(run);
  const emptied = await emptyStable(run);
  const present = deploymentOf(emptied, run.inputs.revision)?.spec.replicas ?? 0;
  await scaleCandidate(run, await warmCache(run, present));
  const proof = await proveCandidate(run);
  await switchTraffic(run);
  await seeFirstEndpoint(run);
  await verifyServing(run, proof);
  await run.phase({ name: "watchdog", seconds: apiPhaseSeconds }, (signal) => stopWatchdog(run, signal));
  return proof;
}

/**
 * A stable revision found at 0 without a record of why was left so by a run for another candidate. It is worth as many
 * replicas as this one: whoever fails next brings it back.
 */
function adoptEmpty(run: PromotionRun): void {
  if (run.previousReplicas > 0) return;
  run.previousReplicas = run.inputs.replicas;
  run.emptied = { since: run.startedAt, replicas: run.previousReplicas };
  run.outage.begin(run.startedAt);
}

/**
 * After a run that did not come to its end, the stable revision may be on its way back: it is not taken away again before
 * it has served. Waits `readySeconds` at the most, for it may never come.
 */
async function letComeBack(run: PromotionRun, { evidence }: Situation): Promise<void> {
  if (evidence?.isUnfinished !== true || evidence.emptiedAt === undefined) return;
  const { readySeconds } = run.inputs.deadlines;
  const { clock } = run.ports;
  await run.phase({ name: "observe", seconds: readySeconds + apiPhaseSeconds }, async (signal) => {
    const end = clock.now() + readySeconds * 1000;
    let isTold = false;
    const hasCome = (observation: Observation) => {
      run.outage.note(observation, clock.now());
      const asked = deploymentOf(observation, run.previous)?.spec.replicas ?? 0;
      const ready = readyCount(observation, run.previous);
      if (ready >= asked) return true;
      if (clock.now() >= end) {
        run.line("observe", `${run.previous} has ${ready} of ${asked} pods ready after ${readySeconds} s`);
        return true;
      }
      if (!isTold) run.line("observe", `${run.previous} is coming back: it shall serve before it is taken away again`);
      isTold = true;
      run.status("observe", `${run.previous}: ${ready} of ${asked} pods ready`);
      return false;
    };
    await lookUntil(run, hasCome, signal);
  });
}

/**
 * Phase EMPTY: the stable revision to 0, on record first, and the wait until its pods are gone and their GPUs free. The
 * selector stays: if the revision comes back it serves at once. Its pods end as any pod does, and what they still answer is
 * cut after their grace period.
 */
async function emptyStable(run: PromotionRun): Promise<Observation> {
  const { previous: stable, previousReplicas: replicas } = run;
  const { clock, cluster } = run.ports;
  const seconds = longestDrain(run) + apiPhaseSeconds;
  let leaving = "";
  const onDeadline = () => ({
    kind: "inconclusive" as const,
    code: "E_CAPACITY" as const,
    message: `pods still hold the GPUs ${seconds} s after they were told to go: ${leaving}.`,
    hint: "Look for pods that end slowly.",
  });
  return await run.phase({ name: "empty", seconds, onDeadline }, async (signal) => {
    const before = await cluster.observe(run.ref, signal);
    run.outage.note(before, clock.now());
    const old = deploymentOf(before, stable);
    if (old !== undefined && (old.spec.replicas ?? 1) > 0) {
      run.emptied = { since: clock.now(), replicas };
      await run.write(signal, () => saveEvidence(run, { kind: "unfinished", before: "empty" }, signal));
      await run.write(signal, () => cluster.scale(run.ref, old.metadata.name, 0, signal));
      run.line(
        "empty",
        `${old.metadata.name}: ${old.spec.replicas ?? 1} to 0 replicas; nobody serves until the candidate does`,
      );
    }
    const isEmpty = (observation: Observation) => {
      run.outage.note(observation, clock.now());
      const holding = observation.pods.filter((pod) => revisionOf(pod) !== run.inputs.revision && !hasEnded(pod));
      leaving = namesOf(holding);
      if (holding.length > 0) run.status("empty", `${leaving}: still ending`);
      return holding.length === 0;
    };
    const emptied = await lookUntil(run, isEmpty, signal);
    run.line("empty", `the pods of ${stable} are gone`);
    return emptied;
  });
}

/** Until the first of the proven pods is behind the Service: the outage is over. The rest is for `verifyEndpoints`. */
async function seeFirstEndpoint(run: PromotionRun): Promise<void> {
  const { clock, cluster } = run.ports;
  const seconds = run.inputs.deadlines.verifySeconds;
  const onDeadline = () => ({
    kind: "inconclusive" as const,
    code: "E_POSTVERIFY" as const,
    message: `the Service has no ready endpoint ${seconds} s after the switch.`,
  });
  await run.phase({ name: "endpoints", seconds, onDeadline }, async (signal) => {
    while (!run.outage.note(await cluster.observe(run.ref, signal), clock.now()))
      await clock.sleep(outageLookMs, signal);
    const outage = run.outage.secondsUntil(clock.now());
    if (outage !== undefined) run.line("endpoints", `the candidate serves; outage ${outage} s`);
  });
}
