import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
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

test("a cancelled run leaves no report, and an earlier one as it was", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
  writeFileSync(join(folder, "earlier.json"), "{}");
  const stop = new AbortController();
  engine = new ScriptedEngine({
    "/health": () => stop.abort(new DeployError({ code: "E_CANCELLED", where: "x", message: "y." })),
  });
  const url = await engine.listen();
  const world = { out: () => {}, err: () => {}, env: {}, signal: stop.signal };
  const reports = ["earlier.json", "new.json"].flatMap((name, index) => [
    "--report",
    `${index === 0 ? "json" : "html"}=${join(folder, name)}`,
  ]);
  const cancelled = probe.run(["--base-url", url, ...reports], world).catch(exitCodeOf);
  expect(await cancelled).toBe(130);
  expect(readdirSync(folder)).toEqual(["earlier.json"]);
  expect(readFileSync(join(folder, "earlier.json"), "utf8")).toBe("{}");
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
