/** One line of at most `limit` characters, for reasons and reports. */
export function shorten(text: string, limit = 160): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`;
}

/** The answer of a thinking model without its thoughts. */
export function withoutThoughts(text: string): string {
  const end = text.lastIndexOf("</think>");
  return end === -1 ? text : text.slice(end + "</think>".length);
}
