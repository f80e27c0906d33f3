import { parseDocument } from "yaml";
import { describeValue } from "../../config/describe-value.ts";
import { stepInto } from "../../config/problem.ts";
import { nearest } from "../../config/suggest.ts";
import { textRules } from "../../config/text-rules.ts";
import { DeployError, faultLine } from "../../core/errors.ts";
import { lockHeader } from "./format.ts";
import { emptyLock, type Lock, withEntries } from "./lock.ts";

/** What a field of the lock must be; `undefined` is refused by all but those that say otherwise. */
interface Shape {
  readonly wanted: string;
  readonly isOptional?: true;
  readonly fits: (value: unknown) => boolean;
  /** Fields of a group, which are looked at in turn. */
  readonly fields?: Readonly<Record<string, Shape>>;
}

function text(wanted: string, pattern: RegExp): Shape {
  return { wanted, fits: (value) => typeof value === "string" && pattern.test(value) };
}

function group(fields: Readonly<Record<string, Shape>>): Shape {
  return { wanted: `a group with ${Object.keys(fields).join(", ")}`, fits: isMap, fields };
}

const digest = text(textRules.digest.wanted, textRules.digest.pattern);
const commit = text("40 hex digits in small letters", /^[0-9a-f]{40}$/);
const moment = text("a moment such as 2026-01-31T12:00:00Z", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const repository = text(textRules.repository.wanted, textRules.repository.pattern);
const bytes: Shape = {
  wanted: "a whole number of bytes",
  isOptional: true,
  fits: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};
const texts: Shape = {
  wanted: "a map of texts",
  fits: (value) => isMap(value) && Object.values(value).every((one) => typeof one === "string"),
};
const base = text("repository@digest", /^[^\s@]+@sha256:[0-9a-f]{64}$/);
const provenance = group({ base, sources: texts, versions: texts });
const lockedCommit = group({ commit, bytes, resolvedAt: moment });

const sections: Readonly<Record<keyof Lock, Shape>> = {
  images: group({ digest, bytes, resolvedAt: moment }),
  sources: lockedCommit,
  weights: lockedCommit,
  builds: group({ repository, digest, bytes, builtAt: moment, provenance }),
};

/**
 * Reads the text of a lock file; an empty one knows nothing. `where` is its name in errors. Throws `CONFIG_FILE` for what is
 * no YAML, and `CONFIG_LOCK` with every problem of what is: two branches that both changed the file make a conflict, and an
 * entry that was mended by hand can be wrong.
 */
export function parseLock(source: string, where: string): Lock {
  const document = parseDocument(source);
  const fault = document.errors[0];
  const hint = "Take one side of a merge whole, or run keye lock --update to make it anew.";
  if (fault !== undefined) {
    throw new DeployError({ code: "CONFIG_FILE", where, message: `Not readable as YAML: ${faultLine(fault)}.`, hint });
  }
  const value: unknown = document.toJS();
  const problems = value === null ? [] : problemsOf(value);
  if (problems.length > 0) throw new DeployError({ code: "CONFIG_LOCK", where, message: problems.join("\n  "), hint });
  // Every field has been looked at above.
  return withEntries(emptyLock, (value ?? {}) as Partial<Lock>);
}

function problemsOf(value: unknown): readonly string[] {
  if (!isMap(value)) return [`got ${describeValue(value)}, wanted a lock.`];
  const { apiVersion, kind, ...rest } = value;
  const isOurs = apiVersion === lockHeader.apiVersion && kind === lockHeader.kind;
  const header = `wanted apiVersion ${lockHeader.apiVersion} and kind ${lockHeader.kind}`;
  if (!isOurs) return [`got apiVersion ${describeValue(apiVersion)} and kind ${describeValue(kind)}, ${header}.`];
  return Object.entries(rest).flatMap(([name, entries]) => sectionProblems(name, entries));
}

function sectionProblems(name: string, entries: unknown): readonly string[] {
  const shape = Object.entries(sections).find(([known]) => known === name)?.[1];
  if (shape === undefined) return [unknownField(name, name, Object.keys(sections))];
  if (!isMap(entries)) return [`${name}: got ${describeValue(entries)}, wanted entries by their keys.`];
  return Object.entries(entries).flatMap(([key, entry]) => shapeProblems(stepInto(name, key), shape, entry));
}

function shapeProblems(path: string, shape: Shape, value: unknown): readonly string[] {
  if (value === undefined && shape.isOptional === true) return [];
  if (!shape.fits(value)) return [`${path}: got ${describeValue(value)}, wanted ${shape.wanted}.`];
  const { fields } = shape;
  if (fields === undefined || !isMap(value)) return [];
  const strange = Object.keys(value).filter((name) => !Object.hasOwn(fields, name));
  return [
    ...strange.map((name) => unknownField(stepInto(path, name), name, Object.keys(fields))),
    ...Object.entries(fields).flatMap(([name, field]) => shapeProblems(stepInto(path, name), field, value[name])),
  ];
}

function unknownField(path: string, name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `${path}: no such field. ${meant === undefined ? `Fields here: ${known.join(", ")}.` : `Did you mean ${meant}?`}`;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
