import type { Milliseconds } from "../../infra/core/units.ts";

/** One answer, as the engine's own process saw it. */
export interface EngineAnswer {
  /** Address that the request came in on: one for each engine. */
  readonly engine: string;
  /** When the request was there as a whole, on the engine's clock. */
  readonly received: Milliseconds;
  /** When the last byte of the answer had been handed to the kernel, on the same clock. */
  readonly answered: Milliseconds;
  /** Bytes of the request on the connection, HTTP headers included. */
  readonly requestBytes: number;
  /** Bytes of the answer on the connection, HTTP headers included. */
  readonly answerBytes: number;
}

/**
 * The floor of a run of probes: the engine's own answer times, summed along the critical path. That is the heaviest chain of
 * answers in which each request came in after the answer before it had gone out, so that of requests that run side by
 * side only the longest chain counts.
 *
 * What a run takes above it is the prober's: drawing and encoding media, judging, pauses, the connections and what is sent over
 * them. It does not say that the questions are as few as they could be, or as much side by side.
 */
export function floorOf(answers: readonly EngineAnswer[]): Milliseconds {
  const chains: { readonly end: Milliseconds; readonly weight: Milliseconds }[] = [];
  for (const { received, answered } of answers.toSorted((a, b) => a.answered - b.answered)) {
    const before = chains.filter(({ end }) => end <= received).map(({ weight }) => weight);
    chains.push({ end: answered, weight: Math.max(0, ...before) + answered - received });
  }
  return Math.max(0, ...chains.map(({ weight }) => weight));
}
