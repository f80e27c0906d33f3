/** The rules that one setting alone can break; forms of text add `text:<rule>`, and cross-checks their own names. */
export const fieldRules = [
  "unknown-setting",
  "missing",
  "no-value",
  "type",
  "range",
  "choice",
  "quantity",
  "count",
  "duplicate",
  "length",
] as const;

/** One thing that is wrong with the settings. */
export interface ConfigProblem {
  /** The setting, such as `nodePools[0].selector["example.com/team"]`; empty for the whole object. */
  readonly path: string;
  /** What is wrong, with got and wanted. Ends in a full stop. */
  readonly message: string;
  /** What to do about it, in one or more sentences. */
  readonly hint?: string;
  /** Name of the rule that was broken: one of `fieldRules`, `text:<rule>` or the name of a cross-check. */
  readonly rule: string;
}

/** `path` with one more step: `.name` for plain names, `["any text"]` for others, `[0]` for places in a list. */
export function stepInto(path: string, step: string | number): string {
  if (typeof step === "number") return `${path}[${step}]`;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(step)) return `${path}[${JSON.stringify(step)}]`;
  return path === "" ? step : `${path}.${step}`;
}

/** Problems found so far, and which settings have no usable value because of them. */
export class Findings {
  readonly problems: ConfigProblem[] = [];
  readonly #broken: string[] = [];

  /** Notes a problem; the setting at its path counts as broken. */
  add(problem: ConfigProblem): void {
    this.problems.push(problem);
    this.markBroken(problem.path);
  }

  /** Notes that the setting has no usable value, without a problem of its own. */
  markBroken(path: string): void {
    this.#broken.push(anyPlace(path));
  }

  /** True if the setting, a group around it or a part of it has no usable value. `[]` in `path` stands for any place. */
  isBroken(path: string): boolean {
    return this.#broken.some((broken) => isWithin(broken, path) || isWithin(path, broken));
  }
}

/** `path` with `[]` for each place in a list. */
export function anyPlace(path: string): string {
  return path.replaceAll(/\[\d+\]/g, "[]");
}

function isWithin(path: string, outer: string): boolean {
  return outer === "" || path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}
