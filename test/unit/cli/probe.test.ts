import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCodeOf } from "../../../infra/cli/exit-code-of.ts";
import { DeployError, type ErrorCode } from "../../../infra/core/errors.ts";
import { chatBody, chatThat, type Handler, json, promptOf, rightChat, sumOf } from "../../support/scripted-engine.ts";
import { runProbe } from "./probe-run.ts";

test("a plain OpenAI-compatible server passes on its answers; what it cannot attest is skipped, with the reason", async () => {
  const { exitCode, err } = await runProbe({ "/v1/chat/completions": rightChat });
  expect(exitCode).toBe(0);
  expect(err).toContain("skip   health");
  expect(err).toContain("not an SGLang server, so it cannot attest what it runs");
  expect(err).toMatch(/^pass: http:\/\/127\.0\.0\.1:\d+ after \d\.\d s: text 1 of 1, streaming 1 of 1$/m);
});

test("the same server fails as soon as the caller declares what it must be", async () => {
  const { exitCode, err } = await runProbe({ "/v1/chat/completions": rightChat }, ["--expect", "tpSize=2"]);
  expect(exitCode).toBe(1);
  expect(err).toContain("FAIL   identity");
});

test("a wrong answer fails with exit code 1, and the report on stdout says what was wanted and what came", async () => {
  const { exitCode, out } = await runProbe({ "/v1/chat/completions": chatThat(() => "7") }, ["--json"]);
  expect(exitCode).toBe(1);
  const report = JSON.parse(out);
  expect(report).toMatchObject({
    apiVersion: "keye-stack.dev/v1",
    kind: "ProbeReport",
    profile: "smoke",
    verdict: "fail",
  });
  expect(report.checks.find((check: { name: string }) => check.name === "text").facts.got).toBe("7");
});

test("users' checks run after the others and decide; a failed warning only where it is asked to", async () => {
  const suite = join(mkdtempSync(join(tmpdir(), "keye-probe-")), "suite.yaml");
  writeFileSync(
    suite,
    "checks: [{ name: polite, prompt: What is 1 + 1?, expect: { contains: please }, severity: warning }]",
  );
  const chat = { "/v1/chat/completions": rightChat };
  const mild = await runProbe(chat, ["--suite", suite]);
  expect([mild.exitCode, mild.err.split("\n").at(-2)]).toEqual([0, expect.stringMatching(/^warn {3}polite/)]);
  const strict = await runProbe(chat, ["--suite", suite, "--fail-on", "warning"]);
  expect([strict.exitCode, strict.err]).toEqual([
    1,
    expect.stringMatching(/^fail: .* polite: wanted text that contains "please"/m),
  ]);
});

test("only what is chosen is asked", async () => {
  const { exitCode, err, requests } = await runProbe({ "/v1/chat/completions": rightChat }, ["--only", "text"]);
  expect([exitCode, requests]).toEqual([0, ["POST /v1/chat/completions"]]);
  expect(err).toMatch(/: text 1 of 1$/);
});

test("the same seed asks the same questions", async () => {
  const prompts: string[] = [];
  const noting = {
    "/v1/chat/completions": chatThat((prompt) => {
      prompts.push(prompt);
      return String(sumOf(prompt));
    }),
  };
  for (const seed of ["5", "5", "6"]) {
    await runProbe(noting, ["--only", "text", "--seed", seed]);
  }
  expect(prompts[0]).toBe(prompts[1]);
  expect(prompts[2]).not.toBe(prompts[1]);
});

test("a run that could judge nothing is inconclusive", async () => {
  const { exitCode, err } = await runProbe({}, ["--only", "identity"]);
  expect(exitCode).toBe(3);
  expect(err).toContain("identity: 0 of 1 passes; it was skipped");
});

describe("what cannot be asked is refused before anything is", () => {
  test.each<[string, string[], string]>([
    ["a check that there is not", ["--only", "tetx"], '--only: no check "tetx"; there are health, '],
    ["no check at all", ["--only", "text", "--exclude", "text"], "leave no check to ask in profile smoke"],
    [
      "a check of another profile",
      ["--only", "text", "--only", "golden"],
      "--only golden: not part of profile smoke; it is asked in gate, soak.",
    ],
    [
      "a baseline that nothing compares with",
      ["--baseline", "x.json"],
      "--baseline: golden compares with it, which this run leaves out",
    ],
    [
      "a baseline that is not there",
      ["--baseline", "/nonexistent/b.json", "--profile", "gate"],
      "CONFIG_FILE: /nonexistent/b.json: Cannot read it",
    ],
    ["a suite that is not there", ["--suite", "/nonexistent/s.yaml"], "CONFIG_FILE: /nonexistent/s.yaml"],
    ["a folder for a report", ["--report", `html=${tmpdir()}`], "The report cannot be written: EISDIR"],
    ["a record that cannot be kept", ["--record", "/nonexistent/b.json"], "ENV_READ_ONLY: /nonexistent/b.json"],
  ])("%s", async (_name, args, message) => {
    let asked = 0;
    const counting: Handler = (response) => {
      asked += 1;
      response.end();
    };
    await expect(runProbe({ "/health": counting, "/model_info": counting }, args)).rejects.toThrow(message);
    expect(asked).toBe(0);
  });
});

/** A model that knows the golden prompts, and begins every open answer with `word`. */
function modelThatSays(word: string): Handler {
  const known: Readonly<Record<string, string>> = {
    "What is the capital of France? Answer with one word.": "Paris",
    "Count from 3 to 9, separated by commas.": "3, 4, 5, 6, 7, 8, 9",
  };
  return (response, body, request) => {
    const prompt = promptOf(body);
    const content = known[prompt] ?? (/\d \+ \d/.test(prompt) ? String(sumOf(prompt)) : word);
    const chance = { token: content, logprob: -0.1 };
    const answer = chatBody(content);
    // chatBody makes one choice.
    const [choice] = answer.choices as [object];
    const choices = [
      { ...choice, logprobs: { content: [{ ...chance, top_logprobs: [chance, { token: "the", logprob: -5 }] }] } },
    ];
    json({ ...answer, choices })(response, body, request);
  };
}

test("an engine that passes is recorded; it passes against its own record, and another model does not", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "keye-probe-")), "baseline.json");
  const probeModel = async (chat: Handler, args: string[]) => {
    const ran = await runProbe({ "/v1/chat/completions": chat }, args);
    return ran;
  };
  const wrong = await probeModel(
    chatThat(() => "7"),
    ["--only", "text", "--record", file],
  );
  expect([wrong.exitCode, existsSync(file)]).toEqual([1, false]);
  expect(wrong.err).toContain("No baseline was recorded: only an engine that passes is worth one.");
  const recorded = await probeModel(modelThatSays("blue"), ["--only", "text", "--record", file]);
  expect([recorded.exitCode, JSON.parse(readFileSync(file, "utf8")).kind]).toEqual([0, "ProbeBaseline"]);
  const compare = ["--profile", "gate", "--passes", "1", "--only", "golden", "--baseline", file];
  expect((await probeModel(modelThatSays("blue"), compare)).exitCode).toBe(0);
  const other = await probeModel(modelThatSays("green"), compare);
  expect([other.exitCode, other.err]).toEqual([1, expect.stringMatching(/^FAIL {3}golden/m)]);
});

test.each<[ErrorCode, number]>([
  ["CONFIG_USAGE", 2],
  ["CONFIG_FILE", 2],
  ["ENV_UNREACHABLE", 4],
  ["E_LOCKED", 4],
  ["GATE_INCONCLUSIVE", 3],
  ["E_CANCELLED", 130],
  ["E_CRASH", 1],
])("%s ends a command with exit code %i", (code, exitCode) => {
  expect(exitCodeOf(new DeployError({ code, where: "x", message: "y." }))).toBe(exitCode);
});
