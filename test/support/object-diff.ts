import { diffInputs, type ObjectDiff } from "../../infra/rehearsal/provider/diff.ts";
import { isObject, type JsonObject } from "../../infra/rehearsal/provider/json.ts";
import { type MutableData, replacementRule } from "../../infra/rehearsal/provider/replacements.ts";

/** How a change of an object is judged, where it is not the usual way. */
export interface DiffOptions {
  readonly isPatch?: boolean;
  readonly mutable?: MutableData;
  readonly ignoreChanges?: readonly string[];
}

/** An object of a type such as `apps/v1/Deployment`, named `keye/a` unless its fields say otherwise. */
export function objectOf(type: string, fields: JsonObject): JsonObject {
  const slash = type.lastIndexOf("/");
  const metadata = { name: "a", namespace: "keye", ...(isObject(fields.metadata) ? fields.metadata : {}) };
  return { apiVersion: type.slice(0, slash), kind: type.slice(slash + 1), ...fields, metadata };
}

/** What changes from `olds` to `news` by the provider's rules. */
export function diffOf(olds: JsonObject, news: JsonObject, options: DiffOptions = {}): ObjectDiff {
  const mutable = options.mutable ?? { configMaps: false, secrets: false };
  const rule = replacementRule({ olds, news }, options.isPatch ?? false, mutable);
  return diffInputs({ olds, news, ignoreChanges: options.ignoreChanges ?? [], rule });
}

/** Changes as text: `+` add, `-` delete, `~` update; doubled where the object is made anew. */
export function shownChanges(diff: ObjectDiff): string[] {
  const marks = { add: "+", delete: "-", update: "~" };
  return [...diff.changes].map(
    ([path, change]) => `${marks[change.kind].repeat(change.isReplacement ? 2 : 1)} ${path}`,
  );
}
