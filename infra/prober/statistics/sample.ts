import { exceedancesAllowed, type QuantileClaim, samplesNeeded } from "./binomial.ts";

/** The value below or at which a share of the sample lies (nearest rank). Undefined for an empty sample. */
export function percentile(sample: readonly number[], quantile: number): number | undefined {
  const sorted = sample.toSorted((a, b) => a - b);
  // A product such as 0.95 * 20 may come out just above the whole number that it is.
  const rank = Math.ceil(quantile * sorted.length - 1e-9);
  return sorted[Math.max(0, rank - 1)];
}

/** What a sample amounts to. `holds` is undefined where there is no limit, or too few samples to claim anything. */
export interface SampleVerdict {
  readonly holds: boolean | undefined;
  /** Such as `p95 TTFT < 2 s at 95 % confidence, n = 59`. */
  readonly claim: string;
}

/** A sample, in the unit of its limit. */
export interface LimitedSample {
  /** What was measured, such as `TTFT`. */
  readonly what: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly limit: number | undefined;
}

/** Says what a sample proves of its quantile, and no more. */
export function judgeSample(sample: LimitedSample, claim: QuantileClaim): SampleVerdict {
  const name = `${percentileName(claim.quantile)} ${sample.what}`;
  const count = sample.values.length;
  const needed = samplesNeeded(claim, 0);
  if (count < needed)
    return { holds: undefined, claim: `${name}: no confidence claim: ${count} samples, ${needed} needed` };
  const confidence = `${percent(claim.confidence)} confidence, n = ${count}`;
  const { limit, unit } = sample;
  const allowed = exceedancesAllowed(claim, count) ?? 0;
  if (limit === undefined) {
    // The smallest limit that this sample would have shown.
    const bound = sample.values.toSorted((a, b) => b - a)[allowed] ?? Number.NaN;
    return { holds: undefined, claim: `${name} <= ${roundedUp(bound)} ${unit} at ${confidence}` };
  }
  const over = sample.values.filter((value) => value >= limit).length;
  if (over <= allowed) {
    const some = over === 0 ? "" : ` (${over} of ${allowed} allowed at or above it)`;
    return { holds: true, claim: `${name} < ${limit} ${unit} at ${confidence}${some}` };
  }
  const found = `${over} of ${count} at or above it, ${allowed} allowed`;
  return {
    holds: false,
    claim: `${name} < ${limit} ${unit} not shown at ${percent(claim.confidence)} confidence: ${found}`,
  };
}

/** To four decimals, upwards: a bound that is rounded down would claim more than was shown. */
function roundedUp(value: number): number {
  return Math.ceil(value * 10_000) / 10_000;
}

function percentileName(quantile: number): string {
  return `p${Number((100 * quantile).toFixed(3))}`;
}

/** `0.95` as `95 %`. */
export function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
