import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { DeployError } from "../../../infra/core/errors.ts";
import type { ProbePicture } from "../../../infra/prober/session.ts";
import { runSuite } from "../../../infra/prober/suite.ts";
import { compileSchema, describeMatcher, type Matcher, mismatch } from "../../../infra/prober/user-suite/matcher.ts";
import { readUserSuite } from "../../../infra/prober/user-suite/read-suite.ts";
import { pictureOf } from "../../support/probe-report.ts";
import { chatBody, json, ScriptedEngine } from "../../support/scripted-engine.ts";

const folder = mkdtempSync(join(tmpdir(), "keye-suite-"));

function fileWith(text: string): string {
  const file = join(folder, "suite.yaml");
  writeFileSync(file, text);
  return file;
}

function problemsOf(text: string): string[] {
  try {
    readUserSuite(fileWith(text), ["health"]);
  } catch (error) {
    if (error instanceof DeployError)
      return error.message
        .split("\n")
        .slice(1)
        .map((line) => line.trim());
    throw error;
  }
  return [];
}

const schema = { type: "object", required: ["city"], properties: { city: { type: "string" } } };

describe("matchers", () => {
  const regex: Matcher = { kind: "regex", pattern: /^\d{4}$/ };
  const oneOf: Matcher = { kind: "oneOf", answers: ["Paris", "巴黎"] };
  const number: Matcher = { kind: "number", value: 3.14, tolerance: 0.01 };
  const exact: Matcher = { kind: "number", value: 0.3, tolerance: 0 };
  const contains: Matcher = { kind: "contains", text: "Seine" };
  const jsonSchema: Matcher = { kind: "jsonSchema", isValid: compileSchema(schema) };

  test.each<[string, Matcher, string]>([
    ["a regex fits the whole answer", regex, " 1984\n"],
    ["one of several, in any case, with a full stop", oneOf, "**paris**."],
    ["one of several in Chinese", oneOf, "“巴黎”。"],
    ["thoughts do not count", oneOf, "<think>London? No.</think>\nParis"],
    ["a number within its tolerance, the last one", number, "22 / 7 is about 3.142"],
    ["a number with thousands", { kind: "number", value: 12_345, tolerance: 0 }, "It is 12,345."],
    ["a negative number", { kind: "number", value: -4, tolerance: 0 }, "-4"],
    ["a number whose last digits are the machine's", exact, String(0.1 + 0.2)],
    ["a text within, in any case", contains, "It lies on the seine."],
    ["JSON in a fence", jsonSchema, '```json\n{"city": "Paris"}\n```'],
  ])("%s", (_name, matcher, answer) => {
    expect(mismatch(matcher, answer)).toBeUndefined();
  });

  test.each<[string, Matcher, string, string]>([
    ["a regex", regex, "in 1984", 'got "in 1984"'],
    ["none of several", oneOf, "Paris or London", 'got "Paris or London"'],
    ["a right answer in thoughts alone", oneOf, "<think>Paris</think>London", 'got "London"'],
    ["a number outside", number, "3.16", 'got 3.16 in "3.16"'],
    ["no number", number, "pi", 'got "pi", which holds no number'],
    ["text without it", contains, "Thames", 'got "Thames"'],
    ["JSON that does not fit", jsonSchema, '{"city": 1}', 'got "{"city": 1}": /city must be string'],
    ["no JSON", jsonSchema, "Paris", 'got "Paris", which is not JSON'],
  ])("%s is told", (_name, matcher, answer, told) => {
    expect(mismatch(matcher, answer)).toBe(told);
  });

  test("each says what it wants", () => {
    expect([regex, oneOf, number, exact, contains, jsonSchema].map(describeMatcher)).toEqual([
      "text that matches /^\\d{4}$/",
      'one of "Paris", "巴黎"',
      "3.14 ± 0.01",
      "0.3",
      'text that contains "Seine"',
      "JSON that fits the schema",
    ]);
  });
});

describe("a suite file", () => {
  test("every problem is told at once, each with its path", () => {
    const problems = problemsOf(`
checks:
  - name: Health Check
    prompt: ""
    expect: { regex: "(", flags: i }
    repeat: 0
  - name: health
    expect: { oneOf: [] }
    severity: fatal
  - name: both
    prompt: x
    messages: [{ role: robot, content: y }, { role: assistant, content: z }]
    expect: { number: 1, contains: a }
    image: missing.png
    promt: x
  - name: both
    prompt: x
    expect: { contains: x, tolerance: 1 }
    timeoutSeconds: 1h
  - prompt: x
    name: schema
    expect: { jsonSchema: { type: strin } }
  - just text
`);
    expect(problems.map((problem) => problem.replace(/ENOENT.*/, "ENOENT"))).toEqual([
      "checks[0].name: wanted 1 to 63 lower-case letters, digits and dashes, such as capital-of-france.",
      'checks[0].prompt: wanted text, got "".',
      "checks[0].expect.regex: Invalid regular expression: /(/i: Unterminated group.",
      "checks[0].repeat: wanted a whole number from 1 to 100, got 0.",
      'checks[1].name: "health" is taken by another check.',
      "checks[1]: wanted prompt or messages, got neither.",
      "checks[1].expect.oneOf: wanted a list with at least one entry, got an empty list.",
      'checks[1].severity: wanted critical or warning, got "fatal".',
      "checks[2].promt: not known here; there are name, prompt, messages, image, expect, repeat, severity, timeoutSeconds, maxTokens.",
      "checks[2]: wanted prompt or messages, got both.",
      "checks[2].image: missing.png: ENOENT",
      "checks[2].expect: wanted one of regex, oneOf, number, contains, jsonSchema, got number and contains.",
      'checks[3].name: "both" is taken by another check.',
      "checks[3].expect.tolerance: belongs to number, not to contains.",
      'checks[3].timeoutSeconds: wanted a whole number from 1 to 1800, got "1h".',
      "checks[4].expect.jsonSchema: not a JSON Schema of draft 7: schema is invalid: data/type must be equal to one of the allowed values, data/type must be array, data/type must match a schema in anyOf.",
      'checks[5]: wanted a group of name, prompt, messages, image, expect, repeat, severity, timeoutSeconds, maxTokens, got "just text".',
    ]);
  });

  test.each([
    ["no list", "checks: 7", "checks: wanted a list with at least one entry, got 7."],
    ["nothing at all", "", "suite: wanted a group of checks, got nothing."],
    [
      "an answer of its own last",
      "checks: [{ name: a, messages: [{ role: assistant, content: x }], expect: { contains: x } }]",
      "checks[0].messages: wanted the user's message last: it is the one that is answered.",
    ],
    [
      "a picture that is none",
      "checks: [{ name: a, prompt: x, image: suite.yaml, expect: { contains: x } }]",
      "checks[0].image: suite.yaml: wanted a PNG or JPEG picture.",
    ],
  ])("with %s it is refused", (_name, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  test("as the manual shows it is right", () => {
    const manual = readFileSync(join(import.meta.dirname, "../../../docs/reports.md"), "utf8");
    const example = /```yaml\n([\s\S]*?)```/.exec(manual)?.[1] ?? "";
    writeFileSync(join(folder, "invoice.png"), pictureOf("x", "x").bytes);
    const checks = readUserSuite(fileWith(example), []);
    expect(checks.map(({ name, severity, timeoutSeconds }) => [name, severity, timeoutSeconds])).toEqual([
      ["capital-of-france", "critical", 60],
      ["invoice-total", "warning", 120],
    ]);
  });

  test("that is no YAML, or not there, is told as such", () => {
    expect(() => readUserSuite(fileWith("checks: [\n"), [])).toThrow(
      /^CONFIG_FILE: .*suite\.yaml: Cannot read it as YAML/,
    );
    expect(() => readUserSuite(join(folder, "none.yaml"), [])).toThrow(/ENOENT/);
  });
});

describe("a user's check", () => {
  let engine: ScriptedEngine | undefined;
  afterEach(async () => {
    await engine?.close();
    engine = undefined;
  });

  async function run(suite: string, answers: readonly string[]) {
    const bodies: Record<string, unknown>[] = [];
    engine = new ScriptedEngine({
      "/v1/chat/completions": (response, body, request) => {
        bodies.push(body);
        json(chatBody(answers[bodies.length - 1] ?? ""))(response, body, request);
      },
    });
    const pictures: ProbePicture[] = [];
    const report = await runSuite(
      { name: "engine", baseUrl: await engine.listen() },
      { profile: "smoke", expectation: { servedModelName: "keye" } },
      {
        clock: systemClock,
        signal: AbortSignal.timeout(4000),
        checks: readUserSuite(fileWith(suite), []),
        onPicture: (picture) => pictures.push(picture),
      },
    );
    return { measurements: report.measurements, bodies, pictures };
  }

  test("it asks with its picture, as often as it says, and shows what it sent", async () => {
    const picture = pictureOf("colour", "bar.png");
    writeFileSync(join(folder, "bar.png"), picture.bytes);
    const suite = `
checks:
  - name: colour
    image: bar.png
    messages:
      - { role: system, content: Be short. }
      - { role: user, content: Which colour? }
    expect: { oneOf: [orange] }
    repeat: 2
    maxTokens: 8
`;
    const { measurements, bodies, pictures } = await run(suite, ["Orange.", "orange"]);
    expect(measurements[0]).toMatchObject({ check: "colour", outcome: "pass", severity: "critical", attempts: 2 });
    const url = `data:image/png;base64,${Buffer.from(picture.bytes).toString("base64")}`;
    expect(bodies[1]).toEqual({
      model: "keye",
      messages: [
        { role: "system", content: "Be short." },
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url } },
            { type: "text", text: "Which colour?" },
          ],
        },
      ],
      temperature: 0,
      max_tokens: 8,
    });
    expect(pictures.map(({ check, shows }) => [check, shows])).toEqual([["colour", "bar.png"]]);
  });

  test("one wrong answer of several fails it, at once, with what was wanted and what came", async () => {
    const suite = "checks: [{ name: sum, prompt: 1 + 1?, expect: { number: 2 }, repeat: 3, severity: warning }]";
    const { measurements, bodies } = await run(suite, ["2", "It is 3.", "2"]);
    expect(bodies).toHaveLength(2);
    expect(measurements[0]).toMatchObject({
      outcome: "fail",
      severity: "warning",
      reason: 'Answer 2 of 3: wanted 2, got 3 in "It is 3.".',
      facts: { question: "1 + 1?", expected: "2", got: "It is 3." },
    });
  });
});
