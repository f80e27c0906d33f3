/** Any JSON value. Property values of the engine and Kubernetes objects both come as this. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object; a Kubernetes object where a function says so. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Whether a value is a JSON object, not an array or null. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isArray(value);
}

/** Whether a value is a JSON array. `Array.isArray` does not narrow to readonly arrays. */
export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether two values are the same JSON, key order aside. */
export function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (isArray(a)) return isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (!isObject(a)) return a === b;
  if (!isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isSame(a[key], b[key]));
}

/** The value at a path of keys and indexes; undefined where the path leads nowhere. */
export function valueAt(root: Json | undefined, path: readonly (string | number)[]): Json | undefined {
  let value = root;
  for (const step of path) {
    if (typeof step === "number") value = isArray(value) ? value[step] : undefined;
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** The object at a path of keys; empty where there is none. */
export function objectAt(root: Json | undefined, ...path: readonly string[]): JsonObject {
  const value = valueAt(root, path);
  return isObject(value) ? value : {};
}

/** The text at a path of keys; empty where there is none. */
export function textAt(root: Json | undefined, ...path: readonly string[]): string {
  const value = valueAt(root, path);
  return typeof value === "string" ? value : "";
}

/** The number at a path of keys; 0 where there is none. */
export function numberAt(root: Json | undefined, ...path: readonly string[]): number {
  const value = valueAt(root, path);
  return typeof value === "number" ? value : 0;
}

/** The list at a path of keys; empty where there is none. */
export function listAt(root: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const value = valueAt(root, path);
  return isArray(value) ? value : [];
}

/** A copy of `root` with `value` at `path`, making objects on the way. A step into a list must name an item that exists. */
export function withValueAt(
  root: JsonObject,
  path: readonly [string, ...(string | number)[]],
  value: Json,
): JsonObject {
  const [key, ...rest] = path;
  return { ...root, [key]: placed(root[key], rest, value) };
}

function placed(root: Json | undefined, path: readonly (string | number)[], value: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === "string") return withValueAt(isObject(root) ? root : {}, [step, ...rest], value);
  return isArray(root) ? root.map((item, i) => (i === step ? placed(item, rest, value) : item)) : (root ?? []);
}

/** A copy of `root` without the value at `path`. Parents stay, even if they end up empty. */
export function withoutValueAt(root: JsonObject, path: readonly [string, ...(string | number)[]]): JsonObject {
  const [key, ...rest] = path;
  const field = root[key];
  const left = field === undefined ? undefined : removed(field, rest);
  const others = Object.entries(root).filter(([name]) => name !== key);
  return Object.fromEntries(left === undefined ? others : [...others, [key, left]]);
}

function removed(root: Json, path: readonly (string | number)[]): Json | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return undefined;
  if (typeof step === "string") return isObject(root) ? withoutValueAt(root, [step, ...rest]) : root;
  if (!isArray(root)) return root;
  return root.flatMap((item, i) => {
    const left = i === step ? removed(item, rest) : item;
    return left === undefined ? [] : [left];
  });
}
