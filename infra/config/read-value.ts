import { parseQuantity } from "../core/quantity.ts";
import { describeKind, describeValue, quote } from "./describe-value.ts";
import type { Field } from "./field.ts";
import type { Findings } from "./problem.ts";
import { nearest } from "./suggest.ts";
import type { TextRule } from "./text-rules.ts";

/** A field whose value is one text, number or boolean. */
export type ValueField = Extract<
  Field,
  { kind: "text" | "quantity" | "integer" | "fraction" | "decimal" | "boolean" | "choice" }
>;

type Of<K extends ValueField["kind"]> = Extract<ValueField, { kind: K }>;

/** Where a value stands, and where its problems go. */
export interface Place {
  readonly path: string;
  readonly findings: Findings;
}

/** The checked value, or undefined after noting what is wrong with it. */
export function readValue(field: ValueField, value: unknown, place: Place): unknown {
  switch (field.kind) {
    case "text":
      return readText(field.rule, field, value, place);
    case "quantity":
      return readQuantity(field, value, place);
    case "integer":
      return readInteger(field, value, place);
    case "fraction":
      return readFraction(field, value, place);
    case "decimal":
      return readDecimal(field, value, place);
    case "boolean":
      return typeof value === "boolean" ? value : wrongType(field, value, "true or false", place);
    case "choice":
      return readChoice(field, value, place);
    default:
      return field satisfies never;
  }
}

/** Reads a text that must have the form of `rule`; `field` is the setting that it belongs to. */
export function readText(rule: TextRule, field: Field, value: unknown, place: Place): string | undefined {
  if (typeof value !== "string") return wrongType(field, value, rule.wanted, place);
  if (value.length > rule.maxLength) {
    const message = `got ${value.length} characters, wanted at most ${rule.maxLength}.`;
    return refuse("length", message, field.hint, place);
  }
  if (!rule.pattern.test(value)) {
    const hint = field.isSensitive === true ? field.hint : (mendHint(rule, value) ?? field.hint);
    return refuse(`text:${rule.name}`, `got ${shown(field, value)}, wanted ${rule.wanted}.`, hint, place);
  }
  return value;
}

/** Notes that the value is of another type than wanted. */
export function wrongType(field: Field, value: unknown, wanted: string, place: Place): undefined {
  const hint = quotesHint(field, value) ?? unitHint(field, value) ?? listHint(field, value) ?? field.hint;
  return refuse("type", `got ${shown(field, value)}, wanted ${wanted}.`, hint, place);
}

function readInteger(field: Of<"integer">, value: unknown, place: Place): number | undefined {
  const unit = field.unit === undefined ? "" : ` ${field.unit}`;
  if (typeof value !== "number" || !Number.isInteger(value)) {
    return wrongType(field, value, `a whole number from ${field.min} to ${field.max}${unit}`, place);
  }
  if (value >= field.min && value <= field.max) return value;
  return refuse("range", `got ${value}, wanted ${field.min} to ${field.max}${unit}.`, field.hint, place);
}

function readFraction(field: Of<"fraction">, value: unknown, place: Place): number | undefined {
  const wanted = "a number above 0 and below 1";
  if (typeof value !== "number") return wrongType(field, value, wanted, place);
  if (value > 0 && value < 1) return value;
  const isPercent = value > 1 && value < 100;
  const hint = isPercent ? `Did you mean ${value / 100}?` : field.hint;
  return refuse("range", `got ${value}, wanted ${wanted}.`, hint, place);
}

function readDecimal(field: Of<"decimal">, value: unknown, place: Place): number | undefined {
  const unit = field.unit === undefined ? "" : ` ${field.unit}`;
  const wanted = `a number above 0, at most ${field.max}${unit}`;
  if (typeof value !== "number") return wrongType(field, value, wanted, place);
  if (value > 0 && value <= field.max) return value;
  return refuse("range", `got ${value}, wanted ${wanted}.`, field.hint, place);
}

function readChoice(field: Of<"choice">, value: unknown, place: Place): string | undefined {
  const wanted = field.of.length === 1 ? field.of[0] : `one of ${field.of.join(", ")}`;
  if (typeof value !== "string") return wrongType(field, value, String(wanted), place);
  if (field.of.includes(value)) return value;
  const meant = nearest(value, field.of);
  const hint = meant === undefined ? field.hint : `Did you mean ${quote(meant)}?`;
  return refuse("choice", `got ${quote(value)}, wanted ${wanted}.`, hint, place);
}

function readQuantity(field: Of<"quantity">, value: unknown, place: Place): string | undefined {
  const wanted = `a Kubernetes quantity, such as ${quote(field.min)}`;
  if (typeof value !== "string") return wrongType(field, value, wanted, place);
  const amount = parseQuantity(value);
  if (amount === undefined) {
    return refuse("quantity", `got ${shown(field, value)}, wanted ${wanted}.`, sizeHint(value) ?? field.hint, place);
  }
  if (amount >= (parseQuantity(field.min) ?? 0)) return value;
  return refuse("range", `got ${quote(value)}, wanted at least ${quote(field.min)}.`, field.hint, place);
}

function refuse(rule: string, message: string, hint: string | undefined, place: Place): undefined {
  place.findings.add({ path: place.path, message, rule, ...(hint === undefined ? {} : { hint }) });
}

function shown(field: Field, value: unknown): string {
  return field.isSensitive === true ? describeKind(value) : describeValue(value);
}

/** YAML reads `2` as a number and `"2"` as text: most values of a wrong type only have quotes too many or too few. */
function quotesHint(field: Field, value: unknown): string | undefined {
  const wantsNumber = ["integer", "fraction", "decimal"].includes(field.kind);
  if (typeof value === "string") {
    const isNumber = wantsNumber && /^\d+(\.\d+)?$/.test(value);
    const isBoolean = field.kind === "boolean" && (value === "true" || value === "false");
    return isNumber || isBoolean ? `Write it without quotes: ${value}` : undefined;
  }
  if (field.kind === "boolean" || wantsNumber || field.kind === "group" || field.kind === "variant") return undefined;
  return typeof value === "number" || typeof value === "boolean" ? "Put the value in quotes." : undefined;
}

function mendHint(rule: TextRule, value: string): string | undefined {
  const mended = rule.mend?.(value);
  return mended !== undefined && rule.pattern.test(mended) ? `Did you mean ${quote(mended)}?` : undefined;
}

const factors: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  seconds: { s: 1, m: 60, min: 60, h: 3600, d: 86_400 },
  tokens: { k: 1024 },
};

/** Seconds and tokens are plain numbers here, `30m` and `256K` elsewhere. */
function unitHint(field: Field, value: unknown): string | undefined {
  const match = typeof value === "string" ? /^(\d+) ?([a-z]+)$/i.exec(value) : null;
  const factor = factors[field.unit ?? ""]?.[match?.[2]?.toLowerCase() ?? ""];
  return factor === undefined ? undefined : `Did you mean ${Number(match?.[1]) * factor}?`;
}

function listHint(field: Field, value: unknown): string | undefined {
  const isList = ["groups", "variants", "texts"].includes(field.kind);
  return isList && !Array.isArray(value) ? 'Begin each entry with "- ".' : undefined;
}

/** Kubernetes knows `Gi` and `G`, people write `GB`. */
function sizeHint(value: string): string | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgt])i?b?$/i.exec(value);
  if (match === null) return undefined;
  const [, amount = "", unit = ""] = match;
  return `Did you mean ${quote(`${amount}${unit.toUpperCase()}i`)}?`;
}
