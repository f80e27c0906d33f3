import { crossChecks } from "./cross-checks.ts";
import type { Field, Fields } from "./field.ts";
import { stackFields } from "./fields.ts";
import { kindChoice } from "./kind-choice.ts";
import { settingsOf } from "./setting-paths.ts";
import { textRules } from "./text-rules.ts";

interface Section {
  readonly path: string;
  readonly sentence: string;
  readonly fields: Fields;
}

/** Text of docs/settings.md: a table for each group of settings, the rules over several, and the sources. */
export function settingsDocument(): string {
  const root = { path: "", sentence: "Settings at the top of `keye-stack:stack`.", fields: stackFields };
  // A group that several kinds have alike is told once.
  const sections = [...new Set([root, ...sectionsIn(stackFields, "")].map(sectionText))];
  const rules = crossChecks.map((check) => `- ${check.sentence}`);
  const told = settingsOf(stackFields)
    .filter(({ field }) => field.source !== undefined)
    .map(({ path, field }) => `- \`${path}\`: ${field.source}`);
  const sources = [...new Set(told)];
  return [
    "# Settings",
    "",
    "<!-- Made by `npm run generate` from infra/config/fields.ts. -->",
    "",
    "All settings stand under `keye-stack:stack` in `Pulumi.<stack>.yaml`; the smallest stack is `{}`, with the image's digest in",
    "`keye.lock.yaml` ([image.md](image.md)). What is not listed here is refused, and all problems are reported at once, each with",
    "its path.",
    "",
    ...sections,
    "## Rules over several settings",
    "",
    ...rules,
    "",
    "## Forms of text",
    "",
    ...Object.values(textRules).map(({ title, wanted }) => `- ${title}: ${wanted}`),
    "",
    "## Sources",
    "",
    ...sources,
    "",
  ].join("\n");
}

function sectionsIn(fields: Fields, prefix: string): readonly Section[] {
  return Object.entries(fields).flatMap(([name, field]) => sectionsOf(field, `${prefix}${name}`));
}

function sectionsOf(field: Field, path: string): readonly Section[] {
  const { sentence } = field;
  switch (field.kind) {
    case "group":
      return [{ path, sentence, fields: field.fields }, ...sectionsIn(field.fields, `${path}.`)];
    case "groups":
      return [{ path: `${path}[]`, sentence, fields: field.fields }, ...sectionsIn(field.fields, `${path}[].`)];
    case "variant":
      return variantSections(field, { path, by: "kind", defaultKind: field.defaultKind });
    case "variants":
      return variantSections(field, { path: `${path}[]`, by: field.by, defaultKind: field.defaultVariant });
    default:
      return [];
  }
}

interface Varied {
  readonly path: string;
  readonly by: string;
  readonly defaultKind: string | undefined;
}

function variantSections(
  { variants, sentence }: Pick<Extract<Field, { kind: "variant" | "variants" }>, "variants" | "sentence">,
  { path, by, defaultKind }: Varied,
): readonly Section[] {
  return Object.entries(variants).flatMap(([kind, fields]) => {
    const choice = kindChoice({ by, kinds: [kind], defaultKind });
    const section = { path: `${path} with ${by} ${kind}`, sentence, fields: { [by]: choice, ...fields } };
    return [section, ...sectionsIn(fields, `${path}.`)];
  });
}

function sectionText({ path, sentence, fields }: Section): string {
  const rows = Object.entries(fields).map(([name, field]) =>
    row([`\`${name}\``, typeText(field), defaultText(field), field.sentence]),
  );
  const title = path === "" ? "Stack" : path;
  const head = [row(["setting", "type and range", "default", "what it does"]), row(["---", "---", "---", "---"])];
  return [`## ${title}`, "", sentence, "", ...head, ...rows, ""].join("\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function typeText(field: Field): string {
  const unit = field.unit === undefined ? "" : ` ${field.unit}`;
  const orNull = field.isNullable === true ? ", or null" : "";
  return `${kindText(field, unit)}${orNull}`;
}

function kindText(field: Field, unit: string): string {
  switch (field.kind) {
    case "text":
      return `${field.rule.title}, at most ${field.rule.maxLength} characters`;
    case "quantity":
      return `Kubernetes quantity, at least ${field.min}`;
    case "integer":
      return `${field.min} to ${field.max}${unit}`;
    case "fraction":
      return "above 0 and below 1";
    case "decimal":
      return `above 0, at most ${field.max}${unit}`;
    case "boolean":
      return "true or false";
    case "choice":
      return field.of.join(", ");
    case "texts":
      return `list of ${field.each.title}s${atLeast(field.min)}, none twice`;
    case "map":
      return `map of ${field.keys.title} to ${field.values.title}${atLeast(field.min)}`;
    case "group":
      return "group, see below";
    case "groups":
      return `list of ${field.min} to ${field.max}, see below`;
    case "variants":
      return `list of ${field.min} to ${field.max}, ${field.by} ${Object.keys(field.variants).join(" or ")}, see below`;
    case "variant":
      return `group, kind ${Object.keys(field.variants).join(" or ")}, see below`;
    default:
      return field satisfies never;
  }
}

function atLeast(min: number | undefined): string {
  return min === undefined ? "" : `, at least ${min}`;
}

function defaultText(field: Field): string {
  if (field.isRequired === true) return "required";
  if (field.computed !== undefined) return `computed: ${field.computed}`;
  if (field.default === undefined) return field.isOptional === true ? "absent" : "";
  const isList = field.kind === "groups" || field.kind === "variants";
  return isList && field.min > 0 ? "one, all defaults below" : `\`${JSON.stringify(field.default)}\``;
}
