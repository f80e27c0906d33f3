import type { Milliseconds } from "../../infra/core/units.ts";

/** One row of the table that a run ends with. */
export interface Row {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly duration: Milliseconds | undefined;
}

/** Where progress goes, line by line. */
export type Say = (line: string) => void;

const tickEvery: Milliseconds = 15_000;

/** Runs `body` and says every 15 seconds that it still does: the elapsed time and what `doing` tells. */
export async function withTicks<T>(say: Say, name: string, doing: () => string, body: () => Promise<T>): Promise<T> {
  const start = Date.now();
  const timer = setInterval(() => say(`${name}: ${doing()}, ${seconds(Date.now() - start)} so far`), tickEvery);
  try {
    return await body();
  } finally {
    clearInterval(timer);
  }
}

/** The closing table: a heading, then one line a row, columns aligned. A row without a duration shows a dash. */
export function table(rows: readonly Row[]): string {
  const cells = [
    ["tool", "version", "source", "seconds"],
    ...rows.map((row) => [
      row.name,
      row.version,
      row.source,
      row.duration === undefined ? "-" : (row.duration / 1000).toFixed(1),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => (line[column] ?? "").length)));
  return cells
    .map((line) =>
      line
        .map((cell, column) => (column === 3 ? cell.padStart(widths[3] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

/** A span in whole seconds, such as `42 s`. */
export function seconds(span: Milliseconds): string {
  return `${Math.round(span / 1000)} s`;
}
