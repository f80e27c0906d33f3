import { isArray, isObject, type Json, textAt } from "./json.ts";

type Step =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "filter"; readonly key: string; readonly equals: string };

/** A parsed JSONPath. */
export type JsonPath = readonly Step[];

const step =
  /\['([^']+)'\]|\["([^"]+)"\]|\[(-?\d+)\]|\[(\*)\]|\[\?\(@\.([^=\s]+)\s*==\s*(?:"([^"]*)"|'([^']*)')\)\]|\.?((?:[^.[\]\\]|\\.)+)/y;

/**
 * Reads the part of kubectl's JSONPath that waits use: keys (`\.` for a dot), quoted keys, indexes, `[*]` and
 * `[?(@.key=="value")]`, with or without braces. Throws a sentence for anything else.
 */
export function parseJsonPath(text: string): JsonPath {
  const inner = text.replace(/^\{(.*)\}$/, "$1").replace(/^\$/, "");
  const steps: Step[] = [];
  for (let at = 0; at < inner.length; at = step.lastIndex) {
    step.lastIndex = at;
    const match = step.exec(inner);
    if (match === null) throw new Error(`JSONPath "${text}" is not understood from "${inner.slice(at)}" on`);
    steps.push(stepOf(match));
  }
  if (steps.length === 0) throw new Error(`JSONPath "${text}" is empty`);
  return steps;
}

function stepOf(match: RegExpExecArray): Step {
  const [, single, double, index, all, filterKey, wantedDouble, wantedSingle, name] = match;
  if (index !== undefined) return { kind: "index", index: Number(index) };
  if (all !== undefined) return { kind: "all" };
  if (filterKey !== undefined) return { kind: "filter", key: filterKey, equals: wantedDouble ?? wantedSingle ?? "" };
  return { kind: "key", key: single ?? double ?? (name ?? "").replace(/\\(.)/g, "$1") };
}

/** All values that the path leads to, in order. */
export function valuesAt(root: Json, path: JsonPath): readonly Json[] {
  let found: readonly Json[] = [root];
  for (const part of path) found = found.flatMap((value) => stepInto(value, part));
  return found;
}

function stepInto(value: Json, part: Step): readonly Json[] {
  switch (part.kind) {
    case "key": {
      const next = isObject(value) && Object.hasOwn(value, part.key) ? value[part.key] : undefined;
      return next === undefined ? [] : [next];
    }
    case "index": {
      const next = isArray(value) ? value.at(part.index) : undefined;
      return next === undefined ? [] : [next];
    }
    case "all":
      if (isArray(value)) return value;
      return isObject(value) ? Object.values(value) : [];
    case "filter":
      return isArray(value) ? value.filter((item) => textAt(item, ...part.key.split(".")) === part.equals) : [];
  }
}
