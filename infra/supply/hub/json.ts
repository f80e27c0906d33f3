import { strangeAnswer } from "./refusal.ts";

/** The fields of a JSON object; empty for anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

/** Parsed JSON. Throws `E_SUPPLY` for a text that is none, without quoting it: a server may echo what it was sent. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw strangeAnswer(where, "it is no JSON");
  }
}

/** A size in bytes, or undefined for what is none. */
export function sizeOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
