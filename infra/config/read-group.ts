import type { Field, Fields } from "./field.ts";
import { type Findings, stepInto } from "./problem.ts";
import { type Place, readText, readValue, wrongType } from "./read-value.ts";
import { textRules } from "./text-rules.ts";
import { refuseUnknown } from "./unknown-setting.ts";

type Of<K extends Field["kind"]> = Extract<Field, { kind: K }>;
type Group = Readonly<Record<string, unknown>>;

/** Reads one setting that may be absent (`undefined`). Returns undefined for an absent or a refused one. */
export function readSetting(field: Field, value: unknown, place: Place): unknown {
  if (value === undefined) return readAbsent(field, place);
  if (value === null) {
    if (field.isNullable === true) return null;
    return noValue(field, place);
  }
  switch (field.kind) {
    case "texts":
      return readTexts(field, value, place);
    case "map":
      return readMap(field, value, place);
    case "group":
      return isGroup(value)
        ? readGroup(field.fields, value, place)
        : wrongType(field, value, namesOf(field.fields), place);
    case "groups":
      return readGroups(field, value, place);
    case "variant":
      return readVariant(field, value, place);
    default:
      return readValue(field, value, place);
  }
}

function readAbsent(field: Field, place: Place): unknown {
  if (field.default !== undefined) return field.default;
  if (field.isOptional === true) return undefined;
  if (field.kind === "group") return readGroup(field.fields, {}, place);
  const hint = field.hint === undefined ? {} : { hint: field.hint };
  place.findings.add({ path: place.path, rule: "missing", message: `is required. ${field.sentence}`, ...hint });
  return undefined;
}

function noValue(field: Field, place: Place): undefined {
  const isEntry = place.path.endsWith("]");
  const remedy = holdsSettings(field) ? "Write settings below it" : "Write a value after the colon";
  const orLeaveOut = field.isRequired === true ? "" : ", or leave the line out for the default";
  const hint = isEntry ? "Remove the empty entry." : `${remedy}${orLeaveOut}.`;
  place.findings.add({ path: place.path, rule: "no-value", message: "is there, but empty.", hint });
}

function holdsSettings(field: Field): boolean {
  return field.kind === "group" || field.kind === "groups" || field.kind === "variant" || field.kind === "map";
}

const valueOfMap: Field = { kind: "text", rule: textRules.anyText, isRequired: true, sentence: "A value." };

function readGroup(fields: Fields, value: Group, place: Place): Group {
  const { findings, path } = place;
  const meant = Object.keys(value)
    .filter((key) => !Object.hasOwn(fields, key))
    .map((key) => refuseUnknown(key, fields, place));
  const entries = Object.entries(fields).map(([name, field]): [string, unknown] => {
    const inner = stepInto(path, name);
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given === undefined && field.isRequired === true && meant.includes(name)) {
      findings.markBroken(inner);
      return [name, undefined];
    }
    return [name, readSetting(field, given, { path: inner, findings })];
  });
  return Object.fromEntries(entries.filter(([, setting]) => setting !== undefined));
}

function readTexts(field: Of<"texts">, value: unknown, place: Place): readonly unknown[] | undefined {
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

function readMap(field: Of<"map">, value: unknown, place: Place): Group | undefined {
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

function readGroups(field: Of<"groups">, value: unknown, place: Place): readonly unknown[] | undefined {
  if (!Array.isArray(value)) return wrongType(field, value, `a list of ${field.entry}s`, place);
  const { findings, path } = place;
  if (!isCountFine(field, value.length, { one: field.entry, many: `${field.entry}s` }, place)) return undefined;
  const single: Field = { kind: "group", fields: field.fields, sentence: field.sentence, isRequired: true };
  return value.map((item: unknown, index) =>
    readSetting(single, item ?? null, { path: stepInto(path, index), findings }),
  );
}

function readVariant(field: Of<"variant">, value: unknown, place: Place): Group | undefined {
  const kinds = Object.keys(field.variants);
  if (!isGroup(value)) return wrongType(field, value, `settings with kind: ${kinds.join(" or ")}`, place);
  const sentence = `Which kind it is: ${kinds.join(" or ")}.`;
  const choice: Field = { kind: "choice", of: kinds, isRequired: true, sentence };
  const inner = { path: stepInto(place.path, "kind"), findings: place.findings };
  const kind = readSetting(choice, Object.hasOwn(value, "kind") ? value.kind : undefined, inner);
  const variant = typeof kind === "string" ? field.variants[kind] : undefined;
  return variant === undefined ? undefined : readGroup({ kind: choice, ...variant }, value, place);
}

interface Counted {
  readonly min?: number;
  readonly max?: number;
  readonly hint?: string;
}

function isCountFine(limits: Counted, count: number, noun: { one: string; many: string }, place: Place): boolean {
  const { min = 0, max = Number.POSITIVE_INFINITY } = limits;
  if (count >= min && count <= max) return true;
  const wanted = count < min ? `at least ${min}` : `at most ${max}`;
  const got = count === 1 ? `1 ${noun.one}` : `${count} ${noun.many}`;
  const hint = limits.hint === undefined ? {} : { hint: limits.hint };
  place.findings.add({ path: place.path, rule: "count", message: `got ${got}, wanted ${wanted}.`, ...hint });
  return false;
}

function namesOf(fields: Fields): string {
  return `a group with the settings ${Object.keys(fields).join(", ")}`;
}

function isGroup(value: unknown): value is Group {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the outermost group. */
export function readStack(fields: Fields, value: unknown, findings: Findings): unknown {
  const stack: Field = {
    kind: "group",
    fields,
    sentence: "All settings of the stack.",
    isRequired: true,
    hint: "Put them under keye-stack:stack in Pulumi.<stack>.yaml; Pulumi.example-h800.yaml shows how.",
  };
  if (value === undefined || value === null) {
    findings.add({ path: "", rule: "missing", message: "there are no settings.", hint: String(stack.hint) });
    return undefined;
  }
  return readSetting(stack, value, { path: "", findings });
}
