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
      return readVariant(byKind(field), value, place);
    case "variants":
      return readVariants(field, value, place);
    default:
      return readValue(field, value, place);
  }
}

function readAbsent(field: Field, place: Place): unknown {
  if (field.default !== undefined) return field.default;
  if (field.isOptional === true) return undefined;
  if (field.kind === "group") return readGroup(field.fields, {}, place);
  if (field.kind === "variant" && field.defaultKind !== undefined) return readVariant(byKind(field), {}, place);
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
  const single: Field = { kind: "group", fields: field.fields, sentence: field.sentence, isRequired: true };
  return readEntries(field, value, place, (item, inner) => readSetting(single, item ?? null, inner));
}

function readVariants(field: Of<"variants">, value: unknown, place: Place): readonly unknown[] | undefined {
  const { by, variants, defaultVariant } = field;
  const single: Varied = { field, by, variants, defaultKind: defaultVariant };
  return readEntries(field, value, place, (item, inner) =>
    item === null || item === undefined ? noValue(field, inner) : readVariant(single, item, inner),
  );
}

function readEntries(
  field: Of<"groups" | "variants">,
  value: unknown,
  place: Place,
  read: (item: unknown, place: Place) => unknown,
): readonly unknown[] | undefined {
  if (!Array.isArray(value)) return wrongType(field, value, `a list of ${field.entry}s`, place);
  const { findings, path } = place;
  if (!isCountFine(field, value.length, { one: field.entry, many: `${field.entry}s` }, place)) return undefined;
  return value.map((item: unknown, index) => read(item, { path: stepInto(path, index), findings }));
}

/** A group whose setting `by` decides which other settings it has; `field` is what its problems are told with. */
interface Varied {
  readonly field: Field;
  readonly by: string;
  readonly variants: Readonly<Record<string, Fields>>;
  readonly defaultKind: string | undefined;
}

function byKind(field: Of<"variant">): Varied {
  return { field, by: "kind", variants: field.variants, defaultKind: field.defaultKind };
}

function readVariant({ field, by, variants, defaultKind }: Varied, value: unknown, place: Place): Group | undefined {
  const kinds = Object.keys(variants);
  if (!isGroup(value)) return wrongType(field, value, `settings with ${by}: ${kinds.join(" or ")}`, place);
  const choice = kindChoice({ by, kinds, defaultKind });
  const inner = { path: stepInto(place.path, by), findings: place.findings };
  const kind = readSetting(choice, Object.hasOwn(value, by) ? value[by] : undefined, inner);
  const variant = typeof kind === "string" ? variants[kind] : undefined;
  if (variant !== undefined) return readGroup({ [by]: choice, ...variant }, value, place);
  // Which settings it should have is not known.
  place.findings.markBroken(place.path);
  return undefined;
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
