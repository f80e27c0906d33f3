import { baselineName } from "../core/names.ts";
import { isWorker } from "../status/groups.ts";
import type { Pod } from "../status/objects.ts";
import { engineStatus, isReady, lifeOf } from "../status/pod-facts.ts";
import { podsOf } from "./app-view.ts";
import { gpuProductsOf, readBaseline } from "./baseline.ts";
import { decide, type GateVerdict, podPolicy } from "./decide.ts";
import { awayReason, type Lookout, withLookout } from "./lookout.ts";
import type { ProbeReport } from "./measurement.ts";
import type { PodQuestions } from "./ports.ts";
import type { PromotionRun } from "./promotion-run.ts";
import { type Proof, type ProvenPod, proofGap } from "./proof.ts";

/** Pause before a pod that gave no answer is asked again. */
const askAgainMs = 2_000;

/**
 * Phases IDENTITY and PROBE, on every pod at once. The first pod that fails ends the promotion, and with it the probes of
 * the others. Resolves with the proof of all pods, or rejects.
 */
export async function probePods(run: PromotionRun, pods: readonly Pod[]): Promise<Proof> {
  const seconds = run.inputs.deadlines.probeSeconds;
  const startedAt = run.ports.clock.now();
  const proven: ProvenPod[] = [];
  let lastReason = "No measurement came.";
  const onDeadline = () => ({
    kind: "inconclusive" as const,
    code: "GATE_DEADLINE" as const,
    phase: "probe" as const,
    message: `${proven.length} of ${pods.length} pods proven after ${seconds} s. Last: ${lastReason}`,
  });
  return await run.phase({ name: "probe", seconds, onDeadline }, async (outer) => {
    const others = new AbortController();
    const signal = AbortSignal.any([outer, others.signal]);
    try {
      const questionsFor = await prepareQuestions(run, signal);
      const probeOne = async (pod: Pod, lookout: Lookout) => {
        const result = await probePod(run, { pod, questions: questionsFor(pod), lookout }, signal);
        lastReason = `${result.name}: ${result.reason}`;
        run.measured.push(result);
        run.phaseClock.probed(result.name, run.secondsSince(startedAt));
        if (result.verdict !== "pass") throw rejected(run, result);
        proven.push(result);
        run.line("probe", `${result.name} proven (${proven.length} of ${pods.length}): ${result.reason}`);
      };
      await withLookout(run, signal, (lookout) => Promise.all(pods.map((pod) => probeOne(pod, lookout))));
    } finally {
      others.abort(new Error("another pod decided"));
    }
    run.line("probe", `all ${pods.length} pods proven after ${run.secondsSince(startedAt)} s`);
    return proven;
  });
}

/**
 * Phase RECHECK_UIDS: whether the pods that were proven are the pods that would serve, in the same lives and ready.
 * Returns what differs, or undefined.
 */
export async function recheck(run: PromotionRun, proof: Proof, signal: AbortSignal): Promise<string | undefined> {
  const observation = await run.ports.cluster.observe(run.ref, signal);
  const pods = podsOf(observation, run.inputs.revision);
  const unready = pods.find((pod) => !isReady(pod));
  return (
    proofGap(proof, pods) ?? (unready === undefined ? undefined : `${unready.metadata.name} is not ready any more`)
  );
}

/** What each pod is asked: the same, but for what is known of its node. */
async function prepareQuestions(run: PromotionRun, signal: AbortSignal): Promise<(pod: Pod) => PodQuestions> {
  const baseline = await readBaseline(run, signal);
  const common = { spec: run.inputs.probe, baseline };
  if ("because" in baseline) return () => common;
  const productOf = await gpuProductsOf(run, signal);
  return (pod) => {
    const gpuProduct = productOf(pod);
    return { ...common, ...(gpuProduct === undefined ? {} : { gpuProduct }) };
  };
}

interface Asked {
  readonly pod: Pod;
  readonly questions: PodQuestions;
  readonly lookout: Lookout;
}

async function probePod(
  run: PromotionRun,
  { pod, questions, lookout }: Asked,
  signal: AbortSignal,
): Promise<ProvenPod> {
  const wrongImage = imageMismatch(run, pod);
  if (wrongImage !== undefined) return proven(pod, [], { kind: "fail", reason: wrongImage });
  const reports: ProbeReport[] = [];
  let verdict: GateVerdict = { kind: "wait", reason: "Nothing was measured yet." };
  for (let round = 0; reports.length <= podPolicy.errorLimit && verdict.kind === "wait"; round++) {
    if (round > 0) {
      run.line("probe", `${pod.metadata.name}: asked again: ${verdict.reason}`);
      await run.ports.clock.sleep(askAgainMs, signal);
    }
    const since = run.ports.clock.now();
    const report = await run.ports.prober.probePod(run.ref, pod, questions, signal);
    const isExcused = lookout.excuses(report, since);
    if (!isExcused) reports.push(report);
    verdict = isExcused ? { kind: "wait", reason: awayReason } : decide(podPolicy, reports);
  }
  return proven(pod, reports, verdict);
}

function proven(pod: Pod, reports: readonly ProbeReport[], verdict: GateVerdict): ProvenPod {
  return {
    name: pod.metadata.name,
    uid: pod.metadata.uid ?? "",
    life: lifeOf(pod),
    node: pod.spec?.nodeName ?? null,
    imageId: engineStatus(pod)?.imageID ?? null,
    // Evidence that still asks for more when the rounds are over decides nothing.
    verdict: verdict.kind === "wait" ? "inconclusive" : verdict.kind,
    reason: verdict.reason,
    reports,
  };
}

/** The kubelet reports `repository@sha256:…` of what it really runs. */
function imageMismatch(run: PromotionRun, pod: Pod): string | undefined {
  const ofWorker = pod.workers?.map((worker) => imageMismatch(run, worker)).find((found) => found !== undefined);
  if (ofWorker !== undefined) return ofWorker;
  const running = engineStatus(pod)?.imageID ?? "";
  const { imageDigest } = run.inputs;
  if (running === "") {
    run.notes.push(`${pod.metadata.name}: the kubelet names no image digest, so the image was not compared.`);
    return undefined;
  }
  if (running.endsWith(imageDigest)) return undefined;
  const where = isWorker(pod) ? ` of ${pod.metadata.name}` : "";
  return `image${where}: wanted ${imageDigest}, the kubelet runs ${running}.`;
}

function rejected(run: PromotionRun, pod: ProvenPod) {
  const check = pod.reports
    .flatMap(({ measurements }) => measurements)
    .find(({ outcome }) => outcome === "fail")?.check;
  const isIdentity = pod.verdict === "fail" && (check === undefined || check === "identity");
  return run.stop({
    kind: pod.verdict === "fail" ? "fail" : "inconclusive",
    code: isIdentity ? "E_IDENTITY" : "E_PROBE",
    phase: isIdentity ? "identity" : "probe",
    where: `${run.ref.namespace}/pod/${pod.name}`,
    message: pod.reason,
    ...(check === "golden" ? { hint: acceptance(run) } : {}),
  });
}

/** How a person says that other answers are what is wanted. */
function acceptance({ ref }: PromotionRun): string {
  const deletion = `kubectl -n ${ref.namespace} delete configmap ${baselineName(ref.app)}`;
  return `Where the change is intended: ${deletion}, and change rollout.retryNonce. The next promotion compares with nothing and records anew.`;
}
