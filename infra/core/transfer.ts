import type { Bytes } from "./units.ts";

/** How far a transfer has come. */
export interface Transfer {
  readonly doneBytes: Bytes;
  readonly totalBytes: Bytes;
  /** Of the last seconds; 0 while nothing moves. */
  readonly bytesPerSecond: number;
}

/**
 * The one form of a line of progress: `12.3 GB of 62.0 GB, 410 MB/s, about 121 s left`. People read it in a Job's log; a
 * promotion reads it there by {@link parseTransfer}.
 */
export function formatTransfer({ doneBytes, totalBytes, bytesPerSecond }: Transfer): string {
  const left =
    bytesPerSecond > 0 ? `about ${Math.ceil((totalBytes - doneBytes) / bytesPerSecond)} s left` : "no progress";
  return `${sizeText(doneBytes)} of ${sizeText(totalBytes)}, ${sizeText(bytesPerSecond)}/s, ${left}`;
}

/** Reads a line of {@link formatTransfer}, to its precision. Undefined for any other line. */
export function parseTransfer(line: string): Transfer | undefined {
  const [, done, total, speed] =
    /([\d.]+ [kMG]?B) of ([\d.]+ [kMG]?B), ([\d.]+ [kMG]?B)\/s, (?:about \d+ s left|no progress)$/.exec(line) ?? [];
  if (done === undefined || total === undefined || speed === undefined) return undefined;
  return { doneBytes: bytesOf(done), totalBytes: bytesOf(total), bytesPerSecond: bytesOf(speed) };
}

const scales = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
] as const;

/** A size with three digits that tell something: `62.0 GB`, `410 MB`, `0 B`. Decimal units, as networks and disks are sold. */
export function sizeText(bytes: Bytes): string {
  const [unit, scale] = scales.find(([, size]) => bytes >= size) ?? (["B", 1] as const);
  const value = bytes / scale;
  return `${value >= 100 || unit === "B" ? Math.round(value) : value.toFixed(1)} ${unit}`;
}

function bytesOf(text: string): Bytes {
  const [value, unit] = text.split(" ");
  return Number(value) * (scales.find(([name]) => name === unit)?.[1] ?? 1);
}
