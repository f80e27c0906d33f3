import type { Measurement, ProbeReport } from "./measurement.ts";

/** What a verdict asks for. */
export interface GatePolicy {
  /** Checks that must have passed, and how often in a row by the end. No evidence is no pass. */
  readonly required: readonly { readonly check: string; readonly passesInARow: number }[];
  /** Wrong answers that are allowed. A wrong answer is never asked again until it is right. */
  readonly failLimit: number;
  /** Attempts without an answer that are allowed; they say nothing of the engine, so they are asked again. */
  readonly errorLimit: number;
}

/** What the evidence so far amounts to. `wait`: more evidence may still decide. */
export interface GateVerdict {
  readonly kind: "wait" | "pass" | "fail" | "inconclusive";
  /** One sentence with both numbers: what the policy wants and what there is. */
  readonly reason: string;
  /** The measurement that decided, for `fail` and `inconclusive`. */
  readonly decidedBy?: Measurement;
}

/** Every pod of a candidate: the prober asks each question of `text` several times in a row by itself. */
export const podPolicy: GatePolicy = {
  required: [
    { check: "health", passesInARow: 1 },
    { check: "identity", passesInARow: 1 },
    { check: "text", passesInARow: 1 },
    { check: "streaming", passesInARow: 1 },
  ],
  failLimit: 0,
  errorLimit: 2,
};

/** Requests through the live Service. */
export function trafficPolicy(requests: number): GatePolicy {
  return { required: [{ check: "traffic", passesInARow: requests }], failLimit: 0, errorLimit: 2 };
}

/**
 * Judges the reports of one engine, oldest first. Pure: the same evidence gives the same verdict.
 *
 * Checks that the policy does not require decide too where they were made: one that last got no answer is waited for.
 */
export function decide(policy: GatePolicy, reports: readonly ProbeReport[]): GateVerdict {
  const all = reports.flatMap((report) => report.measurements).filter(({ severity }) => severity !== "warning");
  const fails = all.filter(({ outcome }) => outcome === "fail");
  const errors = all.filter(({ outcome }) => outcome === "error");
  const firstFail = fails[0];
  if (firstFail !== undefined && fails.length > policy.failLimit) {
    const reason = `${firstFail.check}: ${firstFail.reason} (${fails.length} wrong, ${policy.failLimit} allowed)`;
    return { kind: "fail", reason, decidedBy: firstFail };
  }
  const lastError = errors.at(-1);
  if (lastError !== undefined && errors.length > policy.errorLimit) {
    const reason = `${lastError.check}: ${lastError.reason} (${errors.length} without an answer, ${policy.errorLimit} allowed)`;
    return { kind: "inconclusive", reason, decidedBy: lastError };
  }
  const short = [...policy.required, ...unansweredBeside(policy, all)]
    .map(({ check, passesInARow }) => ({ check, wanted: passesInARow, got: passesInARowOf(check, all) }))
    .find(({ wanted, got }) => got < wanted);
  if (short === undefined) return { kind: "pass", reason: passText(policy, all) };
  const skipped = all.findLast(({ check, outcome }) => check === short.check && outcome === "skipped");
  const count = `${short.check}: ${short.got} of ${short.wanted} passes`;
  if (skipped !== undefined && lastError === undefined) {
    return { kind: "inconclusive", reason: `${count}; it was skipped: ${skipped.reason}`, decidedBy: skipped };
  }
  return { kind: "wait", reason: lastError === undefined ? `${count}.` : `${count}; ${lastError.reason}` };
}

function unansweredBeside(policy: GatePolicy, all: readonly Measurement[]): GatePolicy["required"] {
  const checks = new Set(all.filter(({ outcome }) => outcome === "error").map(({ check }) => check));
  for (const { check } of policy.required) checks.delete(check);
  return [...checks].map((check) => ({ check, passesInARow: 1 }));
}

function passesInARowOf(check: string, all: readonly Measurement[]): number {
  const outcomes = all.filter((measurement) => measurement.check === check).map(({ outcome }) => outcome);
  const broken = outcomes.findLastIndex((outcome) => outcome !== "pass");
  return outcomes.length - 1 - broken;
}

function passText(policy: GatePolicy, all: readonly Measurement[]): string {
  return policy.required
    .map(({ check, passesInARow }) => `${check} ${passesInARowOf(check, all)} of ${passesInARow}`)
    .join(", ");
}
