import { annotationOf, annotations, pathOf } from "./annotations.ts";
import { isObject, type Json, type JsonObject, listAt, textAt } from "./json.ts";
import { type JsonPath, parseJsonPath, valuesAt } from "./json-path.ts";

/** One condition of the `pulumi.com/waitFor` annotation. */
export type WaitFor =
  | { readonly kind: "condition"; readonly type: string; readonly status: string }
  | { readonly kind: "jsonpath"; readonly text: string; readonly path: JsonPath; readonly wanted: string | undefined };

/** The conditions that an object must meet; undefined where the annotation is not set. Throws a sentence on bad syntax. */
export function waitForOf(object: JsonObject): readonly WaitFor[] | undefined {
  const text = annotationOf(object, annotations.waitFor);
  if (text === "") return undefined;
  return textsOf(text).map(parseOne);
}

/** What is wrong with the annotation, if anything. */
export function waitForProblem(object: JsonObject): { readonly path: string; readonly reason: string } | undefined {
  try {
    waitForOf(object);
    return undefined;
  } catch (error) {
    return { path: pathOf(annotations.waitFor), reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether the object meets one condition. */
export function isMet(wait: WaitFor, live: JsonObject): boolean {
  if (wait.kind === "condition") {
    const found = listAt(live, "status", "conditions").find((item) => textAt(item, "type") === wait.type);
    return textAt(found, "status").toLowerCase() === wait.status.toLowerCase();
  }
  const values = valuesAt(live, wait.path);
  if (wait.wanted === undefined) return values.length > 0;
  return values.length === 1 && textOfValue(values[0]) === wait.wanted;
}

/** The condition as the program wrote it. */
export function textOfWait(wait: WaitFor): string {
  if (wait.kind === "condition") return `condition=${wait.type}=${wait.status}`;
  return `jsonpath=${wait.text}${wait.wanted === undefined ? "" : `=${wait.wanted}`}`;
}

function textsOf(text: string): readonly string[] {
  if (!text.startsWith("[")) return [text];
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list) || list.length === 0 || !list.every((item) => typeof item === "string")) {
    throw new Error(`"${text}" is no JSON array of conditions`);
  }
  return list;
}

function parseOne(text: string): WaitFor {
  const condition = /^condition=([^=]+)(?:=(.+))?$/.exec(text);
  if (condition?.[1] !== undefined) return { kind: "condition", type: condition[1], status: condition[2] ?? "True" };
  const jsonpath = /^jsonpath=(\{.*\}|[^{=]+)(?:=(.*))?$/.exec(text);
  if (jsonpath?.[1] !== undefined) {
    return { kind: "jsonpath", text: jsonpath[1], path: parseJsonPath(jsonpath[1]), wanted: jsonpath[2] };
  }
  throw new Error(`"${text}" is neither condition=TYPE[=STATUS] nor jsonpath=PATH[=VALUE]`);
}

function textOfValue(value: Json | undefined): string {
  return isObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
}
