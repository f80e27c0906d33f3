import { type Json, type JsonObject, valueAt } from "./json.ts";

/** The annotations with which a program steers the provider; the same as the official provider's. */
export const annotations = {
  autonamed: "pulumi.com/autonamed",
  skipAwait: "pulumi.com/skipAwait",
  timeoutSeconds: "pulumi.com/timeoutSeconds",
  waitFor: "pulumi.com/waitFor",
  patchForce: "pulumi.com/patchForce",
  patchFieldManager: "pulumi.com/patchFieldManager",
  replaceUnready: "pulumi.com/replaceUnready",
  deletionPropagationPolicy: "pulumi.com/deletionPropagationPolicy",
} as const;

/** Value of an annotation; empty where it is not set. */
export function annotationOf(object: JsonObject, key: string): string {
  const value = valueAt(object, ["metadata", "annotations", key]);
  return typeof value === "string" ? value : "";
}

/** Whether an annotation says `true`. */
export function isAnnotated(object: JsonObject, key: string): boolean {
  return annotationOf(object, key).toLowerCase() === "true";
}

const defaultTimeoutSeconds = 600;

/** Seconds that an operation may wait: `customTimeouts` of the resource, else the annotation, else 10 minutes. */
export function timeoutSecondsOf(object: JsonObject, customTimeout: number): number {
  if (customTimeout > 0) return customTimeout;
  const annotated = Number(annotationOf(object, annotations.timeoutSeconds));
  return annotated > 0 ? annotated : defaultTimeoutSeconds;
}

const policies: Readonly<Record<string, string>> = {
  background: "Background",
  foreground: "Foreground",
  orphan: "Orphan",
};

/** What happens to the objects that a deleted one owns. @default "Foreground": they go first, and the delete waits for them */
export function deletionPolicyOf(object: JsonObject): string {
  return policies[annotationOf(object, annotations.deletionPropagationPolicy).toLowerCase()] ?? "Foreground";
}

/** Problems of the provider's annotations that can be told before anything is done, each with its property path. */
export function annotationProblems(object: JsonObject): readonly { readonly path: string; readonly reason: string }[] {
  const problems = [];
  const policy = annotationOf(object, annotations.deletionPropagationPolicy);
  if (policy !== "" && policies[policy.toLowerCase()] === undefined) {
    problems.push({
      path: pathOf(annotations.deletionPropagationPolicy),
      reason: `"${policy}" is none of background, foreground, orphan`,
    });
  }
  const timeout = annotationOf(object, annotations.timeoutSeconds);
  if (timeout !== "" && !(Number(timeout) > 0)) {
    problems.push({ path: pathOf(annotations.timeoutSeconds), reason: `"${timeout}" is no number of seconds above 0` });
  }
  return problems;
}

/** Property path of an annotation. */
export function pathOf(annotation: string): string {
  return `metadata.annotations["${annotation}"]`;
}

/** Labels and annotations are texts; programs write numbers and booleans. */
export function withTextValues(map: JsonObject): JsonObject {
  const text = (value: Json) => (typeof value === "boolean" || typeof value === "number" ? String(value) : value);
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, text(value)]));
}
