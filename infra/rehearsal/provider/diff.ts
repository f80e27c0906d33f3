import { annotations, isAnnotated } from "./annotations.ts";
import { isArray, isObject, isSame, type Json, type JsonObject, textAt, valueAt } from "./json.ts";
import { formatPropertyPath, isWithin, type PropertyPath, parsePropertyPath } from "./property-path.ts";
import type { ReplacementRule } from "./replacements.ts";
import { plainObject } from "./values.ts";

/** One changed property. */
export interface PropertyChange {
  readonly kind: "add" | "delete" | "update";
  /** Whether the object must be made anew for it. */
  readonly isReplacement: boolean;
}

/** What changes between the inputs in the state and the program's. */
export interface ObjectDiff {
  /** By property path. */
  readonly changes: ReadonlyMap<string, PropertyChange>;
  /** Whether the old object must be gone before the new one is made: both have the same name. */
  readonly deleteBeforeReplace: boolean;
}

/**
 * Compares the inputs in the state with the program's. Fields that the program does not set are nobody's change, whatever
 * the server filled in; drift shows because a refresh writes it into the inputs in the state.
 */
export function diffInputs(request: {
  readonly olds: JsonObject;
  readonly news: JsonObject;
  readonly ignoreChanges: readonly string[];
  readonly rule: ReplacementRule;
}): ObjectDiff {
  const olds = plainObject(request.olds);
  const news = plainObject(request.news);
  const ignored = request.ignoreChanges.map(parsePropertyPath).filter((path) => path !== undefined);
  const changes = new Map<string, PropertyChange>();
  for (const path of changedPaths(olds, news, [])) {
    if (ignored.some((prefix) => isWithin(path, prefix))) continue;
    const before = valueAt(olds, path);
    const after = valueAt(news, path);
    const isReplacement = replaces(request.rule, { path, before, after });
    const kind = before === undefined ? "add" : after === undefined ? "delete" : "update";
    changes.set(formatPropertyPath(path), { kind, isReplacement });
  }
  const isReplaced = [...changes.values()].some((change) => change.isReplacement);
  return { changes, deleteBeforeReplace: isReplaced && keepsItsName(olds, news) };
}

function changedPaths(before: Json | undefined, after: Json | undefined, path: PropertyPath): PropertyPath[] {
  if (isSame(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => changedPaths(before[key], after[key], [...path, key]));
  }
  if (isArray(before) && isArray(after)) {
    const longest = Math.max(before.length, after.length);
    return Array.from({ length: longest }, (_, i) => changedPaths(before[i], after[i], [...path, i])).flat();
  }
  return [path];
}

/** A field that appears or goes as a whole, such as `spec`, replaces if the rule names something that it holds. */
function replaces(
  rule: ReplacementRule,
  change: { readonly path: PropertyPath; readonly before: Json | undefined; readonly after: Json | undefined },
): boolean {
  if (rule.except.some((exception) => isWithin(change.path, exception))) return false;
  return rule.replace.some((prefix) => {
    if (isWithin(change.path, prefix)) return true;
    if (!isWithin(prefix, change.path)) return false;
    const rest = prefix.slice(change.path.length);
    return !isSame(valueAt(change.before, rest), valueAt(change.after, rest));
  });
}

/** Whether old and new object must have the same name, so that they cannot exist at the same time. */
export function keepsItsName(olds: JsonObject, news: JsonObject): boolean {
  const name = textAt(news, "metadata", "name");
  return (
    name !== "" &&
    !isAnnotated(news, annotations.autonamed) &&
    name === textAt(olds, "metadata", "name") &&
    textAt(news, "metadata", "namespace") === textAt(olds, "metadata", "namespace")
  );
}
