/**
 * A claim about a quantile, such as "the 0.95 quantile is below a limit, at 0.95 confidence".
 *
 * It is one-sided and asks nothing of the distribution: whether a sample lies at or above the limit is a coin, and where the
 * quantile were not below the limit the coin would come up with a chance of at least 1 - `quantile`.
 */
export interface QuantileClaim {
  /** Between 0 and 1, both excluded: 0.95 for p95. */
  readonly quantile: number;
  /** Between 0 and 1, both excluded. */
  readonly confidence: number;
}

/** Largest sample that is looked for: nobody probes that long. */
const sampleLimit = 100_000;

/**
 * The chance of at most `exceedances` samples at or above the limit among `samples`, were the quantile just not below it:
 * how easily the claim would be made wrongly.
 */
export function chanceOfLuck(samples: number, exceedances: number, quantile: number): number {
  const miss = 1 - quantile;
  let sum = 0;
  // Kept as a logarithm: the first terms of a large sample are too small for a number.
  let logTerm = samples * Math.log(quantile);
  for (let hits = 0; hits <= Math.min(exceedances, samples); hits++) {
    if (hits > 0) logTerm += Math.log(((samples - hits + 1) / hits) * (miss / quantile));
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}

/** The fewest samples that make the claim although `exceedances` of them lie at or above the limit. */
export function samplesNeeded({ quantile, confidence }: QuantileClaim, exceedances: number): number {
  for (let samples = exceedances + 1; samples <= sampleLimit; samples++) {
    if (chanceOfLuck(samples, exceedances, quantile) <= 1 - confidence) return samples;
  }
  return Number.POSITIVE_INFINITY;
}

/** How many of `samples` may lie at or above the limit; undefined where even none would be too few samples for the claim. */
export function exceedancesAllowed(claim: QuantileClaim, samples: number): number | undefined {
  let allowed: number | undefined;
  for (let exceedances = 0; exceedances < samples; exceedances++) {
    if (chanceOfLuck(samples, exceedances, claim.quantile) > 1 - claim.confidence) return allowed;
    allowed = exceedances;
  }
  return allowed;
}

/**
 * The most that the failure rate can be, at 95 % confidence, after no failure in `requests`: the rule of three. 1 where
 * there were fewer than four requests.
 */
export function failureRateBound(requests: number): number {
  return Math.min(1, 3 / requests);
}
