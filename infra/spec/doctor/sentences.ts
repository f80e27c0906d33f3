import type { Bytes } from "../../core/units.ts";

/** Takes a sentence of the form `place: what is wrong` apart. */
export function placed(sentence: string): { readonly where: string; readonly what: string } {
  const end = sentence.indexOf(": ");
  const what = sentence.slice(end + 2);
  return { where: sentence.slice(0, Math.max(0, end)), what: `${what.charAt(0).toUpperCase()}${what.slice(1)}` };
}

/** Bytes for people: whole GiB, or one digit after the point below 10. */
export function gibibytes(bytes: Bytes): string {
  const gib = bytes / 2 ** 30;
  return `${gib < 10 ? gib.toFixed(1) : Math.floor(gib)} GiB`;
}

/** A quantity for people: bytes in GiB, all else as it is. */
export function amount(resource: string, value: number): string {
  return /memory|storage/.test(resource) ? gibibytes(value) : String(value);
}
