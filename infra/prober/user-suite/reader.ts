/** Reads values of a parsed file one by one and keeps every problem with its path, so that all are told at once. */
export class Reader {
  readonly problems: string[] = [];

  /** Notes a problem. `message` says what was wanted and what came. */
  refuse(path: string, message: string): undefined {
    this.problems.push(`${path}: ${message}`);
    return undefined;
  }

  /** An object whose keys are all among `known`. */
  group(path: string, value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> | undefined {
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      return this.refuse(path, `wanted a group of ${known.join(", ")}, got ${describe(value)}.`);
    }
    for (const key of Object.keys(value).filter((one) => !known.includes(one))) {
      this.refuse(`${path}.${key}`, `not known here; there are ${known.join(", ")}.`);
    }
    // An object that is no list can be read by string keys.
    return value as Readonly<Record<string, unknown>>;
  }

  /** A list with at least one entry. */
  list(path: string, value: unknown): readonly unknown[] {
    if (Array.isArray(value) && value.length > 0) return value;
    this.refuse(path, `wanted a list with at least one entry, got ${describe(value)}.`);
    return [];
  }

  /** Text that is not empty. */
  text(path: string, value: unknown): string | undefined {
    if (typeof value === "string" && value.trim() !== "") return value;
    return this.refuse(path, `wanted text, got ${describe(value)}.`);
  }

  /** A number from `min` to `max`, both included. */
  number(path: string, value: unknown, [min, max]: readonly [number, number]): number | undefined {
    if (typeof value === "number" && value >= min && value <= max) return value;
    const range =
      max === Number.MAX_VALUE ? (min === 0 ? "a number of 0 or more" : "a number") : `a number from ${min} to ${max}`;
    return this.refuse(path, `wanted ${range}, got ${describe(value)}.`);
  }

  /** A whole number from `min` to `max`, both included; `fallback` where there is none. */
  count(path: string, value: unknown, { min, max, fallback }: CountRule): number {
    if (value === undefined) return fallback;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    this.refuse(path, `wanted a whole number from ${min} to ${max}, got ${describe(value)}.`);
    return fallback;
  }

  /** One of `choices`; the first where there is none. */
  choice<T extends string>(path: string, value: unknown, choices: readonly [T, ...T[]]): T {
    const found = choices.find((one) => one === value);
    if (found === undefined && value !== undefined) {
      this.refuse(path, `wanted ${choices.join(" or ")}, got ${describe(value)}.`);
    }
    return found ?? choices[0];
  }
}

/** The range of a count and what holds where it is left out. */
export interface CountRule {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return value.length > 60 ? `"${value.slice(0, 59)}…"` : JSON.stringify(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  return typeof value === "object" ? "a group" : String(value);
}
