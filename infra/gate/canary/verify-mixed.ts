import type { ProbeSpec } from "../../core/probe-spec.ts";
import { decide, type GateVerdict, trafficPolicy } from "../decide.ts";
import { awayReason, withLookout } from "../lookout.ts";
import type { Measurement, ProbeReport } from "../measurement.ts";
import { answeredBy, requestsPerPod, wrongTraffic } from "../phase-verify.ts";
import type { PromotionRun } from "../promotion-run.ts";
import type { Ramp } from "./ramp.ts";
import { endpointsFollow } from "./steps.ts";

/** Pause before the Service is asked again. */
const askAgainMs = 2_000;

/**
 * Asks through the Service while both revisions serve: every answer right, and from one of the two. What the old revision
 * answers wrongly is told and not held against the new one.
 */
export async function verifyMixed(run: PromotionRun, ramp: Ramp): Promise<void> {
  const seconds = run.inputs.deadlines.verifySeconds;
  let last: GateVerdict = { kind: "wait", reason: "No request was answered." };
  const onDeadline = () => ({
    kind: "inconclusive" as const,
    code: "E_POSTVERIFY" as const,
    message: `no clean round of requests through the Service within ${seconds} s: ${last.reason}`,
  });
  await run.phase({ name: "traffic", seconds, onDeadline }, async (signal) => {
    const pods = ramp.servingOf(await endpointsFollow(run, ramp, signal));
    const requests = requestsPerPod * pods.length;
    const reports: ProbeReport[] = [];
    await withLookout(run, signal, async (lookout) => {
      for (;;) {
        const since = run.ports.clock.now();
        const report = await run.ports.prober.probeService(run.ref, anyRevision(run.inputs.probe), requests, signal);
        const old = report.measurements.filter((each) => each.outcome === "fail" && answeredBy(each) === ramp.from);
        if (old[0] !== undefined) run.line("traffic", `${ramp.from} answered wrongly: ${old[0].reason}`);
        const fresh = report.measurements.filter((each) => !old.includes(each)).map((each) => ofRamp(each, ramp));
        const judged = { ...report, measurements: fresh };
        const isExcused = lookout.excuses(judged, since);
        if (!isExcused) reports.push(judged);
        last = isExcused ? { kind: "wait", reason: awayReason } : decide(trafficPolicy(requests - old.length), reports);
        if (last.kind === "pass") return;
        if (last.kind !== "wait") throw wrongTraffic(run, last);
        run.status("traffic", last.reason);
        await run.ports.clock.sleep(askAgainMs, signal);
      }
    });
    run.line(
      "traffic",
      `${requests} answers through the Service are right, from ${pods.length} pods of both revisions`,
    );
  });
}

/** The spec without the revision: both may answer. */
function anyRevision(spec: ProbeSpec): ProbeSpec {
  const { weightVersion: _, ...expectation } = spec.expectation;
  return { ...spec, expectation };
}

function ofRamp(measurement: Measurement, { from, to }: Ramp): Measurement {
  const by = answeredBy(measurement);
  if (measurement.outcome !== "pass" || by === from || by === to) return measurement;
  const reason = `metadata.weight_version: wanted ${from} or ${to}, got ${by ?? "none"}.`;
  return { ...measurement, outcome: by === undefined ? "error" : "fail", reason };
}
