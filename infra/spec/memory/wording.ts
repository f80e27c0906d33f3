import type { Bytes } from "../../core/units.ts";
import type { FractionRange } from "./recommend.ts";

/** Bytes for people: `33.2 GiB`. */
export function gibibytes(bytes: Bytes): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** A whole number with commas: `262,144`. */
export function whole(number: number): string {
  return number.toLocaleString("en-US");
}

/** A range of memory fractions: `0.55 to 0.88`, or `0.88` where it is one. */
export function rangeText({ from, to }: FractionRange): string {
  return from === to ? String(from) : `${from} to ${to}`;
}
