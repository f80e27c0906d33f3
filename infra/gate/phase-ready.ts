import type { Fault } from "../status/fault.ts";
import { ledgerLines } from "../status/gpu-ledger.ts";
import type { Pod } from "../status/objects.ts";

import { isReady } from "../status/pod-facts.ts";
import { type PodStatus, podStatus } from "../status/pod-status.ts";
import { revisionFault } from "../status/revision-fault.ts";
import { rolloutStatus } from "../status/rollout-status.ts";
import { podsOf } from "./app-view.ts";
import { FaultWatch } from "./fault-watch.ts";
import { awaitingNodes } from "./growth.ts";
import { LogReader } from "./log-reader.ts";
import { spansText } from "./phase-clock.ts";
import { PodProgress } from "./pod-progress.ts";
import type { CandidateView } from "./ports.ts";
import type { StopParts } from "./promotion-error.ts";
import { apiPhaseSeconds, type PromotionRun } from "./promotion-run.ts";
import { readLedger } from "./read-ledger.ts";

/** Longest wait for a change before looking again: waits of faults end without one. */
const lookAgainMs = 5_000;

/** Shortest time between two looks, however many changes come. */
const breathMs = 250;

/** A look at the candidate that is older than this cannot be the reason for a verdict. */
const staleLookSeconds = 30;

/** Phase SCALE_CANDIDATE. Asks for nothing where the candidate already has its replicas. */
export async function scaleCandidate(run: PromotionRun, present: number): Promise<void> {
  await run.phase({ name: "scale", seconds: apiPhaseSeconds }, async (signal) => {
    const { replicas, inputs } = run;
    const { workload } = inputs;
    run.stage = "scaled";
    if (present === replicas) return run.line("scale", `${workload} already has ${replicas} replicas`);
    await run.write(signal, () => run.ports.cluster.scale(run.ref, workload, replicas, signal));
    run.line("scale", `${workload}: ${present} to ${replicas} replicas`);
  });
}

/**
 * Lets one replica fill the cache of compiled kernels that all share, where no revision has filled it yet: side by side,
 * every replica would compile the same for many minutes. Returns how many replicas the candidate has then.
 */
export async function warmCache(run: PromotionRun, present: number): Promise<number> {
  const { cacheKey } = run.inputs;
  const { replicas } = run;
  if (cacheKey === undefined || replicas < 2 || present > 1) return present;
  const isFilled = await run.phase({ name: "scale", seconds: apiPhaseSeconds }, (signal) =>
    run.ports.cluster.hasFilledCache(run.ref, cacheKey, signal),
  );
  if (isFilled) return present;
  run.line("scale", `no revision has filled cache ${cacheKey} yet: one replica compiles first`);
  run.replicas = 1;
  await scaleCandidate(run, present);
  await waitReady(run);
  run.replicas = replicas;
  return 1;
}

/**
 * Phase WAIT_READY: until every replica of the revision is ready, or a fault has lasted long enough to be a verdict.
 * Returns the ready pods.
 */
export async function waitReady(run: PromotionRun): Promise<readonly Pod[]> {
  const seconds = run.inputs.deadlines.readySeconds;
  const { clock } = run.ports;
  const faults = new FaultWatch(clock, run.replicas);
  const logs = new LogReader(run);
  const progress = new PodProgress(run, clock.now() + seconds * 1000);
  const startedAt = clock.now();
  let lastSeen = "No pod has been seen.";
  let lastLook = startedAt;
  let readyBefore: ReadonlySet<string> | undefined;
  const onDeadline = (): Omit<StopParts, "where"> => {
    const message = `not ready after ${seconds} s. ${lastSeen}${progress.flapText()}`;
    const blindSeconds = run.secondsSince(lastLook);
    if (blindSeconds <= staleLookSeconds) {
      return { kind: "fail", code: "E_SLOW_START", message, logTail: logs.lastTail() };
    }
    // A cluster that did not answer says nothing of the candidate.
    return { kind: "inconclusive", code: "GATE_DEADLINE", message: `${message} That was ${blindSeconds} s ago.` };
  };
  return await run.phase({ name: "ready", seconds, onDeadline }, async (signal) => {
    for (;;) {
      const view = await run.ports.cluster.candidate(run.ref, run.inputs.revision, signal);
      const statuses = (await readStatuses(view, logs, signal)).map((status) => patient(run, status));
      lastLook = clock.now();
      readyBefore ??= new Set(view.pods.filter(isReady).map(({ metadata }) => metadata.name));
      run.lastSeen = new Map(
        statuses.map(({ pod, phase, detail }) => [pod, phase === detail ? phase : `${phase}, ${detail}`]),
      );
      progress.show(statuses, (pod) => logs.lastLineOf(pod));
      lastSeen = summary(statuses);
      const ready = readyPods(run, view);
      if (ready !== undefined) {
        run.line("ready", `${ready.length} of ${ready.length} pods ready after ${run.secondsSince(startedAt)} s`);
        tellClocks(run, ready, readyBefore);
        return ready;
      }
      const due = faults.due(view, statuses, revisionFaultOf(view));
      if (due !== undefined) throw await verdictOf(run, due, logs.tailOf(due.where), signal);
      await clock.sleep(breathMs, signal);
      await run.ports.cluster.waitForChange(run.ref, Math.min(lookAgainMs, faults.nextLook()), signal);
    }
  });
}

/** The stop for a fault that has lasted long enough. A pod that no node takes is explained with who holds the GPUs. */
async function verdictOf(run: PromotionRun, fault: Fault, logTail: readonly string[], signal: AbortSignal) {
  const { code, reason, cure, where } = fault;
  const ledger = code === "E_UNSCHEDULABLE" ? await readLedger(run, signal) : undefined;
  return run.stop({
    kind: "fail",
    code,
    where: `${run.ref.namespace}/${where}`,
    message: reason,
    ...(cure === undefined ? {} : { hint: cure }),
    details: ledger === undefined ? [] : ledgerLines(ledger),
    logTail,
  });
}

async function readStatuses(view: CandidateView, logs: LogReader, signal: AbortSignal): Promise<PodStatus[]> {
  return await Promise.all(
    view.pods.map(async (pod) => podStatus({ pod, events: view.events, ...(await logs.read(pod, signal)) })),
  );
}

/** The status, with the time that a node may take to come. */
function patient(run: PromotionRun, status: PodStatus): PodStatus {
  return status.fault === undefined ? status : { ...status, fault: awaitingNodes(run, status.fault) };
}

/** The pods, once there are exactly as many ready ones as asked for and the Deployment agrees. */
function readyPods(run: PromotionRun, view: CandidateView): readonly Pod[] | undefined {
  const { deployment } = view;
  const { replicas } = run;
  const { workload } = run.inputs;
  if (deployment === undefined) {
    throw run.stop({
      kind: "inconclusive",
      code: "E_CONFLICT",
      message: `Deployment ${workload} was deleted meanwhile.`,
    });
  }
  const wanted = deployment.spec.replicas ?? 1;
  if (wanted !== replicas) {
    const message = `somebody else scaled ${workload}: wanted ${replicas} replicas, found ${wanted}.`;
    throw run.stop({ kind: "inconclusive", code: "E_CONFLICT", message });
  }
  const pods = podsOf(view, run.inputs.revision);
  const isComplete = pods.length === replicas && pods.every(isReady) && rolloutStatus(deployment).isDone;
  return isComplete ? pods : undefined;
}

/** Tells of the pods that became ready in this phase. */
function tellClocks(run: PromotionRun, ready: readonly Pod[], before: ReadonlySet<string>): void {
  const names = ready.map(({ metadata }) => metadata.name).filter((name) => !before.has(name));
  for (const { pod, spans } of run.phaseClock.clocks) {
    if (names.includes(pod)) run.line("ready", `${pod} took: ${spansText(spans)}`);
  }
}

function revisionFaultOf({ deployment, pods, events }: CandidateView) {
  return deployment === undefined ? undefined : revisionFault({ deployment, pods, events });
}

function summary(statuses: readonly PodStatus[]): string {
  if (statuses.length === 0) return "No pod exists.";
  return `${statuses.map(({ pod, phase, detail }) => `${pod}: ${phase === detail ? phase : `${phase}, ${detail}`}`).join("; ")}.`;
}
