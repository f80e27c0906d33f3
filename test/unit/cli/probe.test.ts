import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { exitCodeOf } from "../../../infra/cli/exit-code-of.ts";
import { probe } from "../../../infra/cli/probe.ts";
import { DeployError, type ErrorCode } from "../../../infra/core/errors.ts";
import {
  chatBody,
  type Handler,
  json,
  promptOf,
  ScriptedEngine,
  sendStream,
  streamFrames,
  sumOf,
} from "../../support/scripted-engine.ts";

let engine: ScriptedEngine | undefined;
afterEach(async () => {
  await engine?.close();
  engine = undefined;
});

function chatThat(answer: (prompt: string) => string): Handler {
  return (response, body, request) => {
    const content = answer(promptOf(body));
    if (body.stream === true) sendStream(response, streamFrames(content));
    else json(chatBody(content))(response, body, request);
  };
}

const rightChat = chatThat((prompt) => String(sumOf(prompt)));

async function run(
  routes: Readonly<Record<string, Handler>>,
  extra: readonly string[] = [],
  env: Record<string, string> = {},
) {
  engine = new ScriptedEngine(routes);
  const out: string[] = [];
  const err: string[] = [];
  const world = {
    out: (text: string) => out.push(text),
    err: (text: string) => err.push(text),
    env,
    signal: AbortSignal.timeout(4000),
  };
  const exitCode = await probe.run(["--base-url", await engine.listen(), ...extra], world);
  return { exitCode, out: out.join("\n"), err: err.join("\n") };
}

test("a plain OpenAI-compatible server passes on its answers; what it cannot attest is skipped, with the reason", async () => {
  const { exitCode, err } = await run({ "/v1/chat/completions": rightChat });
  expect(exitCode).toBe(0);
  expect(err).toContain("skip   health");
  expect(err).toContain("not an SGLang server, so it cannot attest what it runs");
  expect(err).toMatch(/^pass: http:\/\/127\.0\.0\.1:\d+ after \d\.\d s: text 1 of 1, streaming 1 of 1$/m);
});

test("the same server fails as soon as the caller declares what it must be", async () => {
  const { exitCode, err } = await run({ "/v1/chat/completions": rightChat }, ["--expect", "tpSize=2"]);
  expect(exitCode).toBe(1);
  expect(err).toContain("FAIL   identity");
});

test("a wrong answer fails with exit code 1, and the report on stdout says what was wanted and what came", async () => {
  const { exitCode, out } = await run({ "/v1/chat/completions": chatThat(() => "7") }, ["--json"]);
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

test("nothing listens: inconclusive, exit code 3", async () => {
  engine = new ScriptedEngine({});
  const url = await engine.listen();
  await engine.close();
  const err: string[] = [];
  const world = { out: () => {}, err: (text: string) => err.push(text), env: {}, signal: AbortSignal.timeout(4000) };
  expect(await probe.run(["--base-url", url], world)).toBe(3);
  expect(err.join("\n")).toContain("connection refused: nothing listens there (yet)");
});

test("the API key reaches the engine and no report", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "keye-probe-")), "report.json");
  const seen: (string | undefined)[] = [];
  const guarded: Handler = (response, body, request) => {
    seen.push(request.headers.authorization);
    rightChat(response, body, request);
  };
  const { exitCode, err } = await run({ "/v1/chat/completions": guarded }, ["--report", `json=${file}`], {
    KEYE_API_KEY: "planted",
  });
  expect(exitCode).toBe(0);
  expect(seen[0]).toBe("Bearer planted");
  expect(err + readFileSync(file, "utf8")).not.toContain("planted");
});

test("a report that cannot be written is told before the engine is asked", async () => {
  const file = "/nonexistent/report.json";
  let asked = 0;
  const counting: Handler = (response) => {
    asked += 1;
    response.end();
  };
  await expect(run({ "/health": counting }, ["--report", `json=${file}`])).rejects.toThrow(
    `ENV_READ_ONLY: ${file}: The report cannot be written: ENOENT: no such file or directory, open '${file}'. Name a file`,
  );
  expect([asked, existsSync(file)]).toEqual([0, false]);
});

test("a run that its deadline ends is inconclusive, and its report holds what came back until then", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
  const file = join(folder, "report.json");
  engine = new ScriptedEngine({ "/health": () => {} });
  const url = await engine.listen();
  const world = { out: () => {}, err: () => {}, env: {}, signal: AbortSignal.timeout(4000) };
  const args = ["--base-url", url, "--deadline", "1", "--exclude", "identity", "--report", `json=${file}`];
  expect(await probe.run(args, world)).toBe(3);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    verdict: "inconclusive",
    reason: expect.stringMatching(/^the deadline of 1 s ended the run in health; 0 of \d+ checks were done\./),
    checks: [],
  });
  expect(readdirSync(folder)).toEqual(["report.json"]);
});

test("a cancelled run ends with 130, and its reports hold what came back until then", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
  const stop = new AbortController();
  const hanging: Handler = () => stop.abort(new DeployError({ code: "E_CANCELLED", where: "x", message: "y." }));
  engine = new ScriptedEngine({ "/v1/chat/completions": hanging });
  const err: string[] = [];
  const world = { out: () => {}, err: (text: string) => err.push(text), env: {}, signal: stop.signal };
  const reports = ["--report", `json=${join(folder, "r.json")}`, "--report", `junit=${join(folder, "r.xml")}`];
  const cancelled = probe.run(["--base-url", await engine.listen(), ...reports], world).catch(exitCodeOf);
  expect(await cancelled).toBe(130);
  expect(JSON.parse(readFileSync(join(folder, "r.json"), "utf8"))).toMatchObject({
    verdict: "inconclusive",
    reason: "a signal ended the run in text; 2 of 4 checks were done.",
    counts: { skipped: 2 },
  });
  expect(readFileSync(join(folder, "r.xml"), "utf8")).toContain('<error type="inconclusive" message="a signal ended');
  expect(err.at(-1)).toMatch(/^inconclusive: .*: a signal ended the run in text; 2 of 4 checks were done\.$/);
});

test("a wrong answer that came before the signal is told as one", async () => {
  const stop = new AbortController();
  const wrongThenHanging: Handler = (response, body, request) => {
    if (body.stream === true) stop.abort(new DeployError({ code: "E_CANCELLED", where: "x", message: "y." }));
    else json(chatBody("7"))(response, body, request);
  };
  engine = new ScriptedEngine({ "/v1/chat/completions": wrongThenHanging });
  const err: string[] = [];
  const world = { out: () => {}, err: (text: string) => err.push(text), env: {}, signal: stop.signal };
  await expect(probe.run(["--base-url", await engine.listen()], world)).rejects.toThrow("E_CANCELLED");
  expect(err.at(-1)).toMatch(/^fail: .*text/);
});

test("users' checks run after the others and decide; a failed warning only where it is asked to", async () => {
  const suite = join(mkdtempSync(join(tmpdir(), "keye-probe-")), "suite.yaml");
  writeFileSync(
    suite,
    "checks: [{ name: polite, prompt: What is 1 + 1?, expect: { contains: please }, severity: warning }]",
  );
  const chat = { "/v1/chat/completions": rightChat };
  const mild = await run(chat, ["--suite", suite]);
  expect([mild.exitCode, mild.err.split("\n").at(-2)]).toEqual([0, expect.stringMatching(/^warn {3}polite/)]);
  await engine?.close();
  const strict = await run(chat, ["--suite", suite, "--fail-on", "warning"]);
  expect([strict.exitCode, strict.err]).toEqual([
    1,
    expect.stringMatching(/^fail: .* polite: wanted text that contains "please"/m),
  ]);
});

test("only what is chosen is asked", async () => {
  const { exitCode, err } = await run({ "/v1/chat/completions": rightChat }, ["--only", "text"]);
  expect([exitCode, engine?.requests]).toEqual([0, ["POST /v1/chat/completions"]]);
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
    await run(noting, ["--only", "text", "--seed", seed]);
    await engine?.close();
  }
  expect(prompts[0]).toBe(prompts[1]);
  expect(prompts[2]).not.toBe(prompts[1]);
});

test("a run that could judge nothing is inconclusive", async () => {
  const { exitCode, err } = await run({}, ["--only", "identity"]);
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
    await expect(run({}, args)).rejects.toThrow(message);
    expect(engine?.requests).toEqual([]);
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
    const ran = await run({ "/v1/chat/completions": chat }, args);
    await engine?.close();
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

test("a report goes into a device as it is; beside a file no draft is left", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
  const args = ["--only", "text", "--report", "junit=/dev/null", "--report", `termination=${join(folder, "log")}`];
  expect((await run({ "/v1/chat/completions": rightChat }, args)).exitCode).toBe(0);
  expect(readdirSync(folder)).toEqual(["log"]);
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
