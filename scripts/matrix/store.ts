import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RowResult } from "./lane.ts";

/** Results of rows that have been played, kept from one run to the next, and what the updates of bad rows have said. */
export class ResultStore {
  readonly #file: string;
  readonly results: Map<string, RowResult>;

  /** @param isResumed whether what an earlier run left is kept */
  constructor(folder: string, isResumed: boolean) {
    this.#file = join(folder, "results.json");
    mkdirSync(folder, { recursive: true });
    // Written by this class alone, in this shape.
    const kept =
      isResumed && existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, "utf8")) as RowResult[]) : [];
    this.results = new Map(kept.map((result) => [result.name, result]));
  }

  add(result: RowResult): void {
    this.results.set(result.name, result);
    writeFileSync(this.#file, JSON.stringify([...this.results.values()], null, 1));
  }

  /** Returns the file with the outputs. */
  keepOutput(name: string, output: string): string {
    const file = join(dirname(this.#file), `${name.replaceAll("/", ".")}.log`);
    writeFileSync(file, output);
    return file;
  }
}
