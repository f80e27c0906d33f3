import type { Field } from "./field.ts";

/** The setting `kind` of a variant group that may be one of `kinds`. */
export function kindChoice(kinds: readonly string[], defaultKind: string | undefined): Field {
  const sentence = kinds.length === 1 ? "Which kind it is." : `Which kind it is: ${kinds.join(" or ")}.`;
  return defaultKind === undefined || !kinds.includes(defaultKind)
    ? { kind: "choice", of: kinds, isRequired: true, sentence }
    : { kind: "choice", of: kinds, default: defaultKind, sentence };
}
