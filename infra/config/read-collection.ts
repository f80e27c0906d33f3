import type { Field } from "./field.ts";
import { stepInto } from "./problem.ts";
import { type Place, readText, wrongType } from "./read-value.ts";
import { textRules } from "./text-rules.ts";

type Of<K extends Field["kind"]> = Extract<Field, { kind: K }>;

/** Values by name, as JSON has them. */
export type Group = Readonly<Record<string, unknown>>;

/** Reads a list of texts. Refused entries are undefined in the result. */
export function readTexts(field: Of<"texts">, value: unknown, place: Place): readonly unknown[] | undefined {
  if (!Array.isArray(value)) return wrongType(field, value, "a list of texts", place);
  const { findings, path } = place;
  if (!isCountFine(field, value.length, { one: "entry", many: "entries" }, place)) return undefined;
  return value.map((item, index) => {
    const inner = stepInto(path, index);
    const first = value.findIndex((other) => Object.is(other, item));
    if (first === index) return readText(field.each, field, item, { path: inner, findings });
    findings.add({
      path: inner,
      rule: "duplicate",
      message: `is the same as ${stepInto(path, first)}.`,
      hint: "Leave one out.",
    });
    return undefined;
  });
}

/** Reads texts by name. Refused entries are undefined in the result. */
export function readMap(field: Of<"map">, value: unknown, place: Place): Group | undefined {
  if (!isGroup(value)) return wrongType(field, value, "settings of the form name: text", place);
  const { findings, path } = place;
  const entries = Object.entries(value);
  if (!isCountFine(field, entries.length, { one: "entry", many: "entries" }, place)) return undefined;
  const read = entries.map(([key, text]): [string, unknown] => {
    const inner = { path: stepInto(path, key), findings };
    const { isSensitive, hint: _, ...ofKey } = field;
    const ofValue = { ...ofKey, ...(isSensitive === undefined ? {} : { isSensitive }) };
    readText(field.keys, ofKey, key, inner);
    return [key, text === null ? noValue(valueOfMap, inner) : readText(field.values, ofValue, text, inner)];
  });
  return Object.fromEntries(read);
}

const valueOfMap: Field = { kind: "text", rule: textRules.anyText, isRequired: true, sentence: "A value." };

/** Notes that a line has no value: YAML reads it as null. */
export function noValue(field: Field, place: Place): undefined {
  const isEntry = place.path.endsWith("]");
  const remedy = holdsSettings(field) ? "Write settings below it" : "Write a value after the colon";
  const orLeaveOut = field.isRequired === true ? "" : ", or leave the line out";
  const hint = isEntry ? "Remove the empty entry." : `${remedy}${orLeaveOut}.`;
  place.findings.add({ path: place.path, rule: "no-value", message: "is there, but empty.", hint });
}

function holdsSettings(field: Field): boolean {
  return ["group", "groups", "variant", "variants", "map"].includes(field.kind);
}

interface Counted {
  readonly min?: number;
  readonly max?: number;
  readonly hint?: string;
}

/** Notes where there are too few or too many entries. */
export function isCountFine(
  limits: Counted,
  count: number,
  noun: { one: string; many: string },
  place: Place,
): boolean {
  const { min = 0, max = Number.POSITIVE_INFINITY } = limits;
  if (count >= min && count <= max) return true;
  const wanted = count < min ? `at least ${min}` : `at most ${max}`;
  const got = count === 1 ? `1 ${noun.one}` : `${count} ${noun.many}`;
  const hint = limits.hint === undefined ? {} : { hint: limits.hint };
  place.findings.add({ path: place.path, rule: "count", message: `got ${got}, wanted ${wanted}.`, ...hint });
  return false;
}

/** True for what JSON calls an object. */
export function isGroup(value: unknown): value is Group {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
