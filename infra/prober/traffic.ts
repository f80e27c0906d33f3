import type { ProbeSpec } from "../core/probe-spec.ts";
import type { Measurement, ProbeReport } from "../gate/measurement.ts";
import type { Check } from "./check.ts";
import { text } from "./checks/text.ts";
import { freshSeed, measure, type ProbeOptions } from "./suite.ts";
import type { ProbeTarget } from "./target.ts";

/** One answer through the Service: right, and from the expected revision. */
const traffic: Check = {
  ...text,
  name: "traffic",
  proves: "Clients of the Service get right answers, and from the promoted revision.",
  timeoutSeconds: 30,
};

/**
 * Sends `requests` questions through a Service, four at a time; one measurement each, with the revision that answered in
 * `facts.weightVersion`.
 */
export async function runTraffic(
  target: ProbeTarget,
  spec: ProbeSpec,
  requests: number,
  options: ProbeOptions,
): Promise<ProbeReport> {
  const startedAt = options.clock.now();
  const oneQuestion: ProbeSpec = { ...spec, consecutivePasses: 1 };
  const measurements: Measurement[] = [];
  const seed = options.seed ?? freshSeed();
  let left = requests;
  const lane = async () => {
    while (left > 0) {
      left--;
      const measurement = await measure(traffic, target, oneQuestion, { ...options, seed: seed + left });
      measurements.push(measurement);
      options.onMeasurement?.(measurement);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return { target: target.name, startedAt, finishedAt: options.clock.now(), measurements };
}
