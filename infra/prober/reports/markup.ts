const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** What XML 1.0 cannot hold, and what a terminal would obey: control characters, half surrogate pairs, two non-characters. */
const unprintable = /(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

/** Text that is HTML or XML already. Only {@link markup} makes it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a {@link markup} template may hold. Nothing is shown for undefined. */
export type MarkupPart = Markup | string | number | undefined | readonly MarkupPart[];

/** A template of HTML or XML: whatever is put in is escaped, unless it is markup itself. */
export function markup(literals: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return new Markup(literals.map((literal, index) => literal + render(parts[index])).join(""));
}

/** Text with every unprintable character replaced by a visible mark. */
export function printable(text: string): string {
  return text.replace(unprintable, "\ufffd");
}

function render(part: MarkupPart): string {
  if (part === undefined) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "string") return printable(part).replace(/[&<>"']/g, (mark) => entities[mark] ?? mark);
  if (typeof part === "number") return String(part);
  return part.map(render).join("");
}
