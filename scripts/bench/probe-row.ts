import type { Milliseconds } from "../../infra/core/units.ts";
import { type EngineAnswer, floorOf } from "./floor.ts";

/** What a run of probes cost, on both sides. */
export interface ProbeCost {
  /** From the first question to the last judgement, where the prober runs. */
  readonly wall: Milliseconds;
  /** See {@link floorOf}; of several engines, that of the one which took longest. */
  readonly floor: Milliseconds;
  readonly requests: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
}

/** Adds up what the engines say of one run that took `wall`. */
export function costOf(wall: Milliseconds, answers: readonly EngineAnswer[]): ProbeCost {
  const sum = (of: (answer: EngineAnswer) => number) => answers.reduce((before, answer) => before + of(answer), 0);
  const engines = Map.groupBy(answers, ({ engine }) => engine);
  return {
    wall,
    floor: Math.max(0, ...[...engines.values()].map(floorOf)),
    requests: answers.length,
    requestBytes: sum(({ requestBytes }) => requestBytes),
    answerBytes: sum(({ answerBytes }) => answerBytes),
  };
}

/** Names of the columns of {@link costColumns}. */
export const costHeads = "     wall      floor  wall/floor   requests         sent     received";

/** One run as a row. */
export function costColumns({ wall, floor, requests, requestBytes, answerBytes }: ProbeCost): string {
  return [
    toHundredths(wall),
    toHundredths(floor),
    (wall / floor).toFixed(3).padStart(9),
    String(requests).padStart(9),
    inKibibytes(requestBytes),
    inKibibytes(answerBytes),
  ].join("  ");
}

function inKibibytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1).padStart(8)} KiB`;
}

function toHundredths(milliseconds: Milliseconds): string {
  return `${(milliseconds / 1000).toFixed(2).padStart(7)} s`;
}
