import { Ajv, type ValidateFunction } from "ajv";
import { shorten, withoutThoughts } from "../text.ts";

/** What an answer must be. */
export type Matcher =
  | { readonly kind: "regex"; readonly pattern: RegExp }
  | { readonly kind: "oneOf"; readonly answers: readonly string[] }
  | { readonly kind: "number"; readonly value: number; readonly tolerance: number }
  | { readonly kind: "contains"; readonly text: string }
  | { readonly kind: "jsonSchema"; readonly isValid: ValidateFunction };

/** Compiles a JSON Schema, draft 7, for {@link Matcher}. Throws what ajv throws for a schema that is none. */
export function compileSchema(schema: object): ValidateFunction {
  return new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false }).compile(schema);
}

/** Undefined where the answer is what was wanted, else what it was instead. Thoughts before `</think>` do not count. */
export function mismatch(matcher: Matcher, content: string): string | undefined {
  const answer = withoutThoughts(content).trim();
  const got = `got "${shorten(answer, 80)}"`;
  switch (matcher.kind) {
    case "regex":
      return matcher.pattern.test(answer) ? undefined : got;
    case "oneOf":
      return matcher.answers.some((one) => bare(one) === bare(answer)) ? undefined : got;
    case "contains":
      return answer.toLowerCase().includes(matcher.text.toLowerCase()) ? undefined : got;
    case "number": {
      const last = answer
        .replace(/(?<=\d),(?=\d{3}\b)/g, "")
        .match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g)
        ?.at(-1);
      if (last === undefined) return `${got}, which holds no number`;
      return isNear(Number(last), matcher) ? undefined : `got ${last} in "${shorten(answer, 80)}"`;
    }
    case "jsonSchema":
      return schemaMismatch(matcher.isValid, answer);
    default:
      return matcher satisfies never;
  }
}

/** What a matcher wants, in the words of a reason. */
export function describeMatcher(matcher: Matcher): string {
  switch (matcher.kind) {
    case "regex":
      return `text that matches ${matcher.pattern}`;
    case "oneOf":
      return matcher.answers.length === 1
        ? `"${matcher.answers[0]}"`
        : `one of ${matcher.answers.map((answer) => `"${answer}"`).join(", ")}`;
    case "contains":
      return `text that contains "${matcher.text}"`;
    case "number":
      return matcher.tolerance === 0 ? `${matcher.value}` : `${matcher.value} ± ${matcher.tolerance}`;
    case "jsonSchema":
      return "JSON that fits the schema";
    default:
      return matcher satisfies never;
  }
}

/** `0.1 + 0.2` is 0.3 within no tolerance: the last digits of a sum of floating-point numbers are not the model's fault. */
function isNear(got: number, { value, tolerance }: { readonly value: number; readonly tolerance: number }): boolean {
  return Math.abs(got - value) <= tolerance + Number.EPSILON * Math.max(Math.abs(value), Math.abs(got), 1);
}

/** An answer as people compare it: case, outer spaces, quotes and the full stop at its end do not count. */
function bare(text: string): string {
  return text
    .trim()
    .replace(/^["'`“”«*]+|["'`“”».!。*]+$/gu, "")
    .trim()
    .toLowerCase();
}

function schemaMismatch(isValid: ValidateFunction, answer: string): string | undefined {
  const fenced = /^```(?:json)?\s*\n([\s\S]*?)\n```$/.exec(answer)?.[1] ?? answer;
  let parsed: unknown;
  try {
    parsed = JSON.parse(fenced);
  } catch {
    return `got "${shorten(answer, 80)}", which is not JSON`;
  }
  if (isValid(parsed)) return undefined;
  const faults = (isValid.errors ?? [])
    .slice(0, 3)
    .map(({ instancePath, message }) => `${instancePath || "/"} ${message}`);
  return `got "${shorten(fenced, 80)}": ${faults.join("; ")}`;
}
