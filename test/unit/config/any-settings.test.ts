import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crossChecks } from "../../../infra/config/cross-checks.ts";
import type { Field, Fields } from "../../../infra/config/field.ts";
import { stackFields } from "../../../infra/config/fields.ts";
import { schemaOf, stackFileSchema } from "../../../infra/config/json-schema.ts";
import { parseConfig } from "../../../infra/config/parse.ts";
import { anyPlace } from "../../../infra/config/problem.ts";
import { settingPaths, settingsOf } from "../../../infra/config/setting-paths.ts";
import { fixtures, stackSettings } from "./config-fixtures.ts";

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
const accepts = ajv.compile(stackFileSchema());

function isInSchema(settings: unknown): boolean {
  return accepts({ config: { "keye-stack:stack": settings } });
}

/** JSON that often has the names of real settings in it, so that parsing gets past the first look. */
function settingsLike(): fc.Arbitrary<unknown> {
  const names = [...new Set(settingPaths.map((path) => path.slice(path.lastIndexOf(".") + 1)))];
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      2,
      0.8,
      -1,
      65_536,
      Number.NaN,
      "",
      "2",
      "keye",
      "pvc",
      "/models",
      "32Gi",
      "--tp=2",
    ),
    fc.string({ maxLength: 8 }),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      leaf,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names, "tp_size", "a.b", "__proto__"), tie("tree"), { maxKeys: 6 }),
    ),
  }));
  return tree;
}

/** Whether the path leads to something in the value. */
function exists(path: string, value: unknown): boolean {
  const steps = [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([A-Za-z_][A-Za-z0-9_]*)/g)];
  let here: unknown = value;
  for (const [, quoted, place, name] of steps) {
    if (typeof here !== "object" || here === null) return false;
    const key: string = quoted === undefined ? (place ?? name ?? "") : JSON.parse(`"${quoted}"`);
    if (!Object.hasOwn(here, key)) return false;
    here = Reflect.get(here, key);
  }
  return true;
}

describe("any JSON value", () => {
  test("is parsed without a throw, and every problem points at a setting that is given or that exists", () => {
    fc.assert(
      fc.property(settingsLike(), (settings) => {
        const parsed = parseConfig(settings);
        const lost = parsed.kind === "ok" ? [] : parsed.problems.filter(({ path }) => !exists(path, settings));
        expect(lost.filter(({ path }) => !settingPaths.includes(anyPlace(path)))).toEqual([]);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe("the JSON Schema", () => {
  test("accepts what the parser accepts", () => {
    const stacks = ["rehearsal", "example-h800"].map((stack) => stackSettings(stack));
    const valid = [...fixtures("valid").map(({ settings }) => settings), ...stacks];
    expect(valid.map(isInSchema)).toEqual(valid.map(() => true));
  });

  const quantities = settingsOf(stackFields).flatMap(({ path, field }) => (field.kind === "quantity" ? [path] : []));
  const onlyParser = new Set(crossChecks.map((check) => check.name));

  test.each(fixtures("invalid"))("says the same of $name as the field table", ({ settings }) => {
    const parsed = parseConfig(settings);
    const problems = parsed.kind === "problems" ? parsed.problems : [];
    const isQuantityRange = ({ rule, path }: { rule: string; path: string }) =>
      rule === "range" && quantities.includes(path);
    const fromTable = problems.filter((problem) => !onlyParser.has(problem.rule) && !isQuantityRange(problem));
    expect(isInSchema(settings)).toBe(fromTable.length === 0);
  });

  test("has a sentence for every setting", () => {
    const sentences = settingsOf(stackFields).map(({ field }) => schemaOf(field).description);
    expect(sentences.filter((sentence) => typeof sentence !== "string" || !sentence.endsWith("."))).toEqual([]);
  });
});

describe("every setting of the table", () => {
  const stray: Readonly<Record<Field["kind"], unknown>> = {
    text: 1,
    quantity: 1,
    integer: 1.5,
    fraction: 1,
    decimal: 0,
    boolean: "true",
    choice: "no-such-choice",
    texts: {},
    map: [],
    group: [],
    groups: {},
    variant: [],
    variants: {},
  };

  /** The smallest settings that have `value` at `path`; a group of several kinds is of the first that knows the path. */
  function withValue(path: string, value: unknown, fields: Fields = stackFields): unknown {
    const [step = "", ...others] = path.split(".");
    const name = step.replace("[]", "");
    const inner = others.length === 0 ? value : withInner(fields[name], others, value);
    return { [name]: step.endsWith("[]") ? [inner] : inner };
  }

  function withInner(field: Field | undefined, steps: readonly string[], value: unknown): unknown {
    if (field?.kind === "group" || field?.kind === "groups") return withValue(steps.join("."), value, field.fields);
    if (field?.kind !== "variant" && field?.kind !== "variants")
      throw new Error(`nothing is inside of a ${field?.kind}`);
    const variants = Object.entries(field.variants);
    const first = steps[0]?.replace("[]", "") ?? "";
    const [kind, known] = variants.find(([, fields]) => Object.hasOwn(fields, first)) ?? [];
    return {
      [field.kind === "variants" ? field.by : "kind"]: kind,
      ...Object(withValue(steps.join("."), value, known)),
    };
  }

  test.each(settingsOf(stackFields))("$path refuses a value of another kind", ({ path, field }) => {
    const parsed = parseConfig(withValue(path, stray[field.kind]));
    const paths = parsed.kind === "problems" ? parsed.problems.map((problem) => anyPlace(problem.path)) : [];
    expect(paths).toContain(path);
  });

  const ranged = settingsOf(stackFields).flatMap(({ path, field }) =>
    field.kind === "integer"
      ? [
          { path, value: field.min - 1 },
          { path, value: field.max + 1 },
        ]
      : [],
  );

  test.each(ranged)("$path refuses $value", ({ path, value }) => {
    const parsed = parseConfig(withValue(path, value));
    const problems = parsed.kind === "problems" ? parsed.problems : [];
    expect(problems.filter((problem) => anyPlace(problem.path) === path).map((problem) => problem.rule)).toContain(
      "range",
    );
  });
});
