import type { BenchCluster } from "./cluster.ts";

/** What every part of the bench works with. */
export interface Bench {
  /** The project's folder. */
  readonly root: string;
  /** Aborts when the bench is interrupted. */
  readonly signal: AbortSignal;
  readonly cluster: BenchCluster;
  readonly print: (line: string) => void;
  /** Prints one measured value under its name, with a remark. */
  readonly row: (name: string, value: string, remark?: string) => void;
}

/** One thing that is measured: a file in `parts/` and a row of the table in `bench.ts`. */
export interface BenchPart {
  /** As in `--only`. */
  readonly name: string;
  /** One line for `--help`. */
  readonly measures: string;
  /** Measures and prints. Throws where what is measured does not work: a broken thing has no time. */
  run(bench: Bench): Promise<void>;
}

/** Milliseconds as seconds, to a tenth. */
export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1).padStart(6)} s`;
}
