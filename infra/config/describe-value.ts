const shownCharacters = 80;

/** A refused value in the words of a message: `text "2"`, `2.5`, `a list`. Long texts are cut. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return `text ${quote(value)}`;
  return describeShape(value);
}

/** Like {@link describeValue}, but never shows the value itself. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return "text";
  return typeof value === "number" ? "a number" : describeShape(value);
}

/** Text in quotes with control characters escaped, cut to a readable length. */
export function quote(text: string): string {
  return JSON.stringify(text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}…`);
}

function describeShape(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return "a group of settings";
  return String(value);
}
