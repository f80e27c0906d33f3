import { textOf } from "../../core/errors.ts";
import { compileSchema, type Matcher } from "./matcher.ts";
import type { Reader } from "./reader.ts";

const kinds = ["regex", "oneOf", "number", "contains", "jsonSchema"] as const;
const beside: Readonly<Record<string, string>> = { flags: "regex", tolerance: "number" };

/** Reads `expect`: exactly one matcher, with what belongs to it. */
export function readMatcher(reader: Reader, path: string, value: unknown): Matcher | undefined {
  const group = reader.group(path, value, [...kinds, ...Object.keys(beside)]);
  if (group === undefined) return undefined;
  const [kind, ...more] = kinds.filter((one) => group[one] !== undefined);
  if (kind === undefined || more.length > 0) {
    const got = kind === undefined ? "none" : [kind, ...more].join(" and ");
    return reader.refuse(path, `wanted one of ${kinds.join(", ")}, got ${got}.`);
  }
  for (const [name, owner] of Object.entries(beside)) {
    if (group[name] !== undefined && owner !== kind)
      reader.refuse(`${path}.${name}`, `belongs to ${owner}, not to ${kind}.`);
  }
  const at = `${path}.${kind}`;
  switch (kind) {
    case "regex":
      return readRegex(reader, path, group);
    case "oneOf": {
      const answers = reader.list(at, group.oneOf).map((one, index) => reader.text(`${at}[${index}]`, one));
      const known = answers.filter((one) => one !== undefined);
      return known.length === 0 ? undefined : { kind, answers: known };
    }
    case "contains": {
      const text = reader.text(at, group.contains);
      return text === undefined ? undefined : { kind, text };
    }
    case "number": {
      const value = reader.number(at, group.number, [-Number.MAX_VALUE, Number.MAX_VALUE]);
      const tolerance = reader.number(`${path}.tolerance`, group.tolerance ?? 0, [0, Number.MAX_VALUE]);
      return value === undefined || tolerance === undefined ? undefined : { kind, value, tolerance };
    }
    case "jsonSchema":
      return readSchema(reader, at, group.jsonSchema);
    default:
      return kind satisfies never;
  }
}

function readRegex(reader: Reader, path: string, group: Readonly<Record<string, unknown>>): Matcher | undefined {
  const source = reader.text(`${path}.regex`, group.regex);
  const flags = group.flags ?? "";
  if (source === undefined) return undefined;
  if (typeof flags !== "string" || !/^[imsu]*$/.test(flags)) {
    return reader.refuse(`${path}.flags`, `wanted letters of i, m, s and u, got ${JSON.stringify(flags)}.`);
  }
  try {
    return { kind: "regex", pattern: new RegExp(source, flags) };
  } catch (error) {
    return reader.refuse(`${path}.regex`, `${textOf(error)}.`);
  }
}

function readSchema(reader: Reader, path: string, value: unknown): Matcher | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return reader.refuse(path, "wanted a JSON Schema, as a group.");
  }
  try {
    return { kind: "jsonSchema", isValid: compileSchema(value) };
  } catch (error) {
    return reader.refuse(path, `not a JSON Schema of draft 7: ${textOf(error)}.`);
  }
}
