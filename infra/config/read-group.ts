import type { Field, Fields } from "./field.ts";
import { kindChoice } from "./kind-choice.ts";
import { type Findings, stepInto } from "./problem.ts";
import { type Group, isCountFine, isGroup, noValue, readMap, readTexts } from "./read-collection.ts";
import { type Place, readValue, wrongType } from "./read-value.ts";
import { refuseUnknown } from "./unknown-setting.ts";

type Of<K extends Field["kind"]> = Extract<Field, { kind: K }>;

/** Reads one setting that may be absent (`undefined`). Returns undefined for an absent or a refused one. */
function readSetting(field: Field, value: unknown, place: Place): unknown {
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
  if (field.kind === "variant" && field.defaultKind !== undefined) return readVariant(field, {}, place);
  const hint = field.hint === undefined ? {} : { hint: field.hint };
  place.findings.add({ path: place.path, rule: "missing", message: `is required. ${field.sentence}`, ...hint });
  return undefined;
}

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
  const choice = kindChoice(kinds, field.defaultKind);
  const inner = { path: stepInto(place.path, "kind"), findings: place.findings };
  const kind = readSetting(choice, Object.hasOwn(value, "kind") ? value.kind : undefined, inner);
  const variant = typeof kind === "string" ? field.variants[kind] : undefined;
  return variant === undefined ? undefined : readGroup({ kind: choice, ...variant }, value, place);
}

function namesOf(fields: Fields): string {
  return `a group with the settings ${Object.keys(fields).join(", ")}`;
}

const noSettingsHint = "Put them under keye-stack:stack in Pulumi.<stack>.yaml; Pulumi.example-h800.yaml shows how.";

/** Reads the outermost group. */
export function readStack(fields: Fields, value: unknown, findings: Findings): unknown {
  if (value === undefined || value === null) {
    findings.add({ path: "", rule: "missing", message: "there are no settings.", hint: noSettingsHint });
    return undefined;
  }
  const sentence = "All settings of the stack.";
  return readSetting({ kind: "group", fields, sentence, hint: noSettingsHint }, value, { path: "", findings });
}
