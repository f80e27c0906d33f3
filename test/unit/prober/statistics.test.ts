import { describe, expect, test } from "vitest";
import {
  chanceOfLuck,
  exceedancesAllowed,
  failureRateBound,
  samplesNeeded,
} from "../../../infra/prober/statistics/binomial.ts";
import { judgeSample, percentile } from "../../../infra/prober/statistics/sample.ts";

const p95 = { quantile: 0.95, confidence: 0.95 };

describe("binomial sample sizes", () => {
  test.each([
    [0, 29, 59, 299],
    [1, 46, 93, 473],
    [2, 61, 124, 628],
  ])("%i exceedances need %i samples for p90, %i for p95, %i for p99", (exceedances, ...needed) => {
    const sizes = [0.9, 0.95, 0.99].map((quantile) => samplesNeeded({ quantile, confidence: 0.95 }, exceedances));
    expect(sizes).toEqual(needed);
  });

  test.each([
    [0, undefined],
    [1, undefined],
    [58, undefined],
    [59, 0],
    [92, 0],
    [93, 1],
    [123, 1],
    [124, 2],
  ])("of %i samples %s may lie at or above the limit", (samples, allowed) => {
    expect(exceedancesAllowed(p95, samples)).toBe(allowed);
  });

  test("one sample fewer is more luck than the confidence leaves", () => {
    expect(chanceOfLuck(59, 0, 0.95)).toBeCloseTo(0.0485, 4);
    expect(chanceOfLuck(58, 0, 0.95)).toBeCloseTo(0.051, 3);
    expect(chanceOfLuck(3, 3, 0.5)).toBeCloseTo(1, 12);
  });

  test("a claim that no sample can make needs endlessly many", () => {
    expect(samplesNeeded({ quantile: 1, confidence: 0.95 }, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    [1, 1],
    [8, 0.375],
    [59, 3 / 59],
    [300, 0.01],
  ])("no failure in %i requests bounds the failure rate by %f", (requests, bound) => {
    expect(failureRateBound(requests)).toBeCloseTo(bound, 12);
  });
});

test.each([
  [[], 0.5, undefined],
  [[7], 0.95, 7],
  [[3, 1, 2], 0.5, 2],
  [[4, 3, 2, 1], 0.5, 2],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20], 0.95, 19],
  [[1, 2], 1, 2],
  [[1, 2], 0, 1],
])("percentile of %j at %f is %s", (sample, quantile, value) => {
  expect(percentile(sample, quantile)).toBe(value);
});

describe("a sample claims no more than it shows", () => {
  const sample = (fast: number, slow: number, limit: number | undefined) => ({
    what: "TTFT",
    unit: "s",
    values: [...Array<number>(fast).fill(0.5), ...Array<number>(slow).fill(2)],
    limit,
  });

  test.each([
    [59, 0, 2, true, "p95 TTFT < 2 s at 95 % confidence, n = 59"],
    [92, 1, 2, true, "p95 TTFT < 2 s at 95 % confidence, n = 93 (1 of 1 allowed at or above it)"],
    [58, 1, 2, false, "p95 TTFT < 2 s not shown at 95 % confidence: 1 of 59 at or above it, 0 allowed"],
    [20, 0, 2, undefined, "p95 TTFT: no confidence claim: 20 samples, 59 needed"],
    [0, 20, 2, undefined, "p95 TTFT: no confidence claim: 20 samples, 59 needed"],
    [59, 0, undefined, undefined, "p95 TTFT <= 0.5 s at 95 % confidence, n = 59"],
    [58, 1, undefined, undefined, "p95 TTFT <= 2 s at 95 % confidence, n = 59"],
    [92, 1, undefined, undefined, "p95 TTFT <= 0.5 s at 95 % confidence, n = 93"],
  ])("%i fast and %i slow answers under a limit of %s s", (fast, slow, limit, holds, claim) => {
    expect(judgeSample(sample(fast, slow, limit), p95)).toEqual({ holds, claim });
  });
});

test("a bound that was measured is told with four decimals, rounded up", () => {
  const values = Array.from({ length: 59 }, () => 0.004363636363636363);
  const verdict = judgeSample(
    { what: "gap", unit: "s", values, limit: undefined },
    { quantile: 0.95, confidence: 0.95 },
  );
  expect(verdict.claim).toBe("p95 gap <= 0.0044 s at 95 % confidence, n = 59");
});
