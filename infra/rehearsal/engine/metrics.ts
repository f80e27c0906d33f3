/** Counters of what the server has done. */
export interface Metrics {
  requests: number;
  aborted: number;
  promptTokens: number;
  generatedTokens: number;
  readonly firstToken: Histogram;
  readonly latency: Histogram;
  /** By `endpoint`, `method` and, for responses, `status_code`. */
  readonly httpRequests: Map<string, number>;
  readonly httpResponses: Map<string, number>;
}

/** A cumulative histogram, as Prometheus wants it. */
export interface Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum: number;
  count: number;
}

export function newMetrics(): Metrics {
  const firstToken = [0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400];
  const latency = [0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400, 600, 1200, 1800, 2400];
  const histogram = (bounds: readonly number[]): Histogram => ({
    bounds,
    counts: bounds.map(() => 0),
    sum: 0,
    count: 0,
  });
  return {
    requests: 0,
    aborted: 0,
    promptTokens: 0,
    generatedTokens: 0,
    firstToken: histogram(firstToken),
    latency: histogram(latency),
    httpRequests: new Map(),
    httpResponses: new Map(),
  };
}

/** Adds one observation, in seconds. */
export function observe(histogram: Histogram, seconds: number): void {
  histogram.sum += seconds;
  histogram.count++;
  histogram.bounds.forEach((bound, index) => {
    if (seconds <= bound) histogram.counts[index] = (histogram.counts[index] ?? 0) + 1;
  });
}

/** Adds one to the counter with these labels. */
export function count(counters: Map<string, number>, labels: Readonly<Record<string, string>>): void {
  const key = labelsOf(labels);
  counters.set(key, (counters.get(key) ?? 0) + 1);
}

/** Labels in braces, as the text format writes them. */
export function labelsOf(labels: Readonly<Record<string, string>>): string {
  const shown = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `{${shown.join(",")}}`;
}
