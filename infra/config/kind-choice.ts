import type { Field } from "./field.ts";

/** The setting of a group that decides which other settings it has. */
export interface Choice {
  /** Its name, such as `kind`. */
  readonly by: string;
  readonly kinds: readonly string[];
  /** What is meant where it is not given; absent: it must be given. */
  readonly defaultKind: string | undefined;
}

/** The record of such a setting. */
export function kindChoice({ by, kinds, defaultKind }: Choice): Field {
  const sentence = kinds.length === 1 ? `Which ${by} it is.` : `Which ${by} it is: ${kinds.join(" or ")}.`;
  return defaultKind === undefined || !kinds.includes(defaultKind)
    ? { kind: "choice", of: kinds, isRequired: true, sentence }
    : { kind: "choice", of: kinds, default: defaultKind, sentence };
}
