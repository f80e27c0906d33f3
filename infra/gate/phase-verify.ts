import { isSameTraffic, trafficText } from "../core/traffic.ts";
import type { Seconds } from "../core/units.ts";
import { podsOf, readyEndpoints } from "./app-view.ts";
import { decide, type GateVerdict, trafficPolicy } from "./decide.ts";
import { lookUntil } from "./look.ts";
import { awayReason, withLookout } from "./lookout.ts";
import type { Measurement, ProbeReport } from "./measurement.ts";
import type { Observation } from "./ports.ts";
import type { PromotionRun } from "./promotion-run.ts";
import { type Proof, proofGap } from "./proof.ts";

/** Requests through the Service after the switch: enough to meet every pod of a small fleet with good odds. */
export const requestsPerPod = 5;

/** Time between two rounds of requests while the selector is followed. */
const lookAgainMs = 2_000;

/** Seconds between requests while the candidate soaks. */
const soakIntervalSeconds: Seconds = 10;

/** Phase VERIFY_ENDPOINTS: until the Service's ready endpoints are exactly the proven pods. */
export async function verifyEndpoints(run: PromotionRun, proof: Proof): Promise<void> {
  const seconds = run.inputs.deadlines.verifySeconds;
  let missing = "";
  const onDeadline = () => ({
    kind: "inconclusive" as const,
    code: "E_POSTVERIFY" as const,
    message: `the endpoints are not the proven pods after ${seconds} s: ${missing}.`,
  });
  await run.phase({ name: "endpoints", seconds, onDeadline }, async (signal) => {
    const isProven = (observation: Observation) => {
      requireServing(run, proof, observation);
      missing = endpointGap(proof, observation);
      if (missing !== "") run.status("endpoints", missing);
      return missing === "";
    };
    await lookUntil(run, isProven, signal);
    run.endpointsAt = run.ports.clock.now();
    run.line("endpoints", `exactly the ${proof.length} proven pods serve`);
  });
}

/**
 * Phase VERIFY_TRAFFIC: requests through the Service, each answered rightly and by the candidate. An answer of the
 * revision before is not wrong at first: routes follow the selector with a delay. It is asked again until the deadline.
 */
export async function verifyTraffic(run: PromotionRun, proof: Proof): Promise<void> {
  const seconds = run.inputs.deadlines.verifySeconds;
  const requests = requestsPerPod * proof.length;
  let last: GateVerdict = { kind: "wait", reason: "No request was answered." };
  const onDeadline = () => ({
    kind: "inconclusive" as const,
    code: "E_POSTVERIFY" as const,
    message: `no clean round of ${requests} requests through the Service within ${seconds} s: ${last.reason}`,
  });
  await run.phase({ name: "traffic", seconds, onDeadline }, async (signal) => {
    const reports: ProbeReport[] = [];
    await withLookout(run, signal, async (lookout) => {
      for (;;) {
        const since = run.ports.clock.now();
        const report = await run.ports.prober.probeService(run.ref, run.inputs.probe, requests, signal);
        const judged = attributed(report, run.inputs.revision);
        const stale = judged.measurements.find((measurement) => answeredBy(measurement) === run.previous);
        const notCounted = stale?.reason ?? (lookout.excuses(judged, since) ? awayReason : undefined);
        if (notCounted === undefined) reports.push(judged);
        last =
          notCounted === undefined ? decide(trafficPolicy(requests), reports) : { kind: "wait", reason: notCounted };
        if (last.kind === "pass") return;
        if (last.kind !== "wait") throw wrongTraffic(run, last);
        run.status("traffic", last.reason);
        await run.ports.clock.sleep(lookAgainMs, signal);
      }
    });
    run.line(
      "traffic",
      `${requests} of ${requests} answers through the Service are right and from ${run.inputs.revision}`,
    );
  });
}

/** Phase SOAK: the candidate serves for a while, without a restart, a change of pods or a wrong answer. */
export async function soak(run: PromotionRun, proof: Proof): Promise<void> {
  const { soakSeconds, verifySeconds } = run.inputs.deadlines;
  if (soakSeconds <= 0) return;
  // The last round of requests may begin as the soak ends.
  await run.phase({ name: "soak", seconds: soakSeconds + verifySeconds }, async (signal) => {
    const { clock, cluster, prober } = run.ports;
    const end = clock.now() + soakSeconds * 1000;
    const reports: ProbeReport[] = [];
    await withLookout(run, signal, async (lookout) => {
      for (;;) {
        const left = end - clock.now();
        await clock.sleep(Math.max(0, Math.min(left, soakIntervalSeconds * 1000)), signal);
        const since = clock.now();
        const asked = await prober.probeService(run.ref, run.inputs.probe, proof.length, signal);
        // Last, so that a pod that fell under these very requests is not missed.
        requireServing(run, proof, await cluster.observe(run.ref, signal));
        const report = attributed(asked, run.inputs.revision);
        const isExcused = lookout.excuses(report, since);
        if (!isExcused) reports.push(report);
        const verdict: GateVerdict = isExcused
          ? { kind: "wait", reason: awayReason }
          : decide(trafficPolicy(proof.length), reports);
        if (verdict.kind === "fail" || verdict.kind === "inconclusive") throw wrongTraffic(run, verdict);
        if (clock.now() >= end && verdict.kind === "pass") return;
        run.status("soak", `${Math.max(0, Math.round((end - clock.now()) / 1000))} s left; ${verdict.reason}`);
      }
    });
    const answers = reports.reduce((sum, { measurements }) => sum + measurements.length, 0);
    run.line("soak", `${soakSeconds} s without a restart; ${answers} more answers right`);
  });
}

/** Ends the promotion where somebody else leads traffic, or the candidate's pods are not those that were proven. */
function requireServing(run: PromotionRun, proof: Proof, observation: Observation): void {
  if (!isSameTraffic(observation.traffic, run.traffic)) {
    const message = `somebody else changed the selector after the switch: selector now ${trafficText(observation.traffic)}.`;
    throw run.stop({ kind: "inconclusive", code: "E_CONFLICT", message });
  }
  const gap = proofGap(proof, podsOf(observation, run.inputs.revision));
  if (gap === undefined) return;
  throw run.stop({ kind: "fail", code: "E_POSTVERIFY", message: `the serving pods are not the proven ones: ${gap}.` });
}

function endpointGap(proof: Proof, observation: Observation): string {
  const serving = readyEndpoints(observation);
  const uids = new Set(serving.map(({ podUid }) => podUid));
  const proven = new Set(proof.map(({ uid }) => uid));
  const strangers = serving.filter(({ podUid }) => podUid === undefined || !proven.has(podUid));
  const absent = proof.filter(({ uid }) => !uids.has(uid));
  return [
    ...absent.map(({ name }) => `${name} is not an endpoint yet`),
    ...strangers.map(({ podName, address }) => `${podName ?? address} still is one`),
  ].join(", ");
}

/** The revision that gave an answer through the Service; undefined where it did not tell. */
export function answeredBy(measurement: Measurement): string | undefined {
  const { weightVersion } = measurement.facts;
  return typeof weightVersion === "string" ? weightVersion : undefined;
}

/** A right answer whose revision is not known proves nothing of the candidate. */
function attributed(report: ProbeReport, revision: string): ProbeReport {
  const measurements = report.measurements.map((measurement): Measurement => {
    const by = answeredBy(measurement);
    if (measurement.outcome !== "pass" || by === revision) return measurement;
    const reason = `metadata.weight_version: wanted ${revision}, got ${by ?? "none"}.`;
    return { ...measurement, outcome: by === undefined ? "error" : "fail", reason };
  });
  return { ...report, measurements };
}

/** The end of a promotion whose Service does not answer as it should. */
export function wrongTraffic(run: PromotionRun, verdict: GateVerdict) {
  return run.stop({
    kind: verdict.kind === "fail" ? "fail" : "inconclusive",
    code: "E_POSTVERIFY",
    where: `${run.ref.namespace}/service/${run.ref.service}`,
    message: `through the Service: ${verdict.reason}`,
  });
}
