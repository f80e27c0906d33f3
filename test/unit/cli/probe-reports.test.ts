import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { exitCodeOf } from "../../../infra/cli/exit-code-of.ts";
import { probe } from "../../../infra/cli/probe.ts";
import { DeployError } from "../../../infra/core/errors.ts";
import { documentSchema } from "../../../infra/prober/reports/document-schema.ts";
import {
  chatBody,
  chatThat,
  type Handler,
  json,
  rightChat,
  ScriptedEngine,
  sumOf,
} from "../../support/scripted-engine.ts";
import { probeWorld, runProbe } from "./probe-run.ts";

const isValid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(documentSchema);

test("the API key reaches the engine and no report", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "keye-probe-")), "report.json");
  const seen: (string | undefined)[] = [];
  const guarded: Handler = (response, body, request) => {
    seen.push(request.headers.authorization);
    rightChat(response, body, request);
  };
  const { exitCode, err } = await runProbe({ "/v1/chat/completions": guarded }, ["--report", `json=${file}`], {
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
  await expect(runProbe({ "/health": counting }, ["--report", `json=${file}`])).rejects.toThrow(
    `ENV_READ_ONLY: ${file}: The report cannot be written: ENOENT: no such file or directory, open '${file}'. Name a file`,
  );
  expect([asked, existsSync(file)]).toEqual([0, false]);
});

test.each<[string, (prompt: string) => string, string[]]>([
  ["passes", (prompt) => String(sumOf(prompt)), []],
  ["fails", () => "wrong ".repeat(100), []],
  ["attests nothing that it could", (prompt) => String(sumOf(prompt)), ["--expect", "tpSize=2"]],
])("the JSON report of a run that %s fits its published schema", async (_name, answer, args) => {
  const { out } = await runProbe({ "/v1/chat/completions": chatThat(answer) }, ["--json", ...args]);
  expect(isValid(JSON.parse(out)), JSON.stringify(isValid.errors)).toBe(true);
});

test("the termination log is one line of at most 4096 bytes, however much was wrong", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
  const [suite, log] = [join(folder, "suite.yaml"), join(folder, "log")];
  const checks = Array.from({ length: 40 }, (_, index) => ({
    name: `own-${index}`,
    prompt: "?",
    expect: { number: 1 },
  }));
  writeFileSync(suite, JSON.stringify({ checks }));
  const wordy = { "/v1/chat/completions": chatThat(() => "图片\u0001".repeat(200)) };
  const { exitCode } = await runProbe(wordy, ["--suite", suite, "--report", `termination=${log}`]);
  const text = readFileSync(log, "utf8");
  expect([exitCode, text.endsWith("}\n"), text.split("\n").length]).toEqual([1, true, 2]);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
  const { verdict, counts, failed, left } = JSON.parse(text);
  expect([verdict, counts.fail, failed.length + left]).toEqual(["fail", 42, 42]);
});

test.each<[number, string, Handler, RegExp]>([
  [0, "no failure and no error", chatThat((prompt) => String(sumOf(prompt))), /tests="4" failures="0" errors="0"/],
  [1, "a failure for a wrong answer", chatThat(() => "7"), /failures="2" errors="0".*<failure type="wrong answer"/s],
  [3, "an error for no answer", () => undefined, /failures="0" errors="1".*<error type="no answer"/s],
])("exit code %i goes with a JUnit report of %s", async (exitCode, _name, chat, says) => {
  const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
  const [spec, report] = [join(folder, "spec.json"), join(folder, "out.xml")];
  const soon = exitCode === 3 ? { timeoutsSeconds: { text: 0.03 } } : {};
  writeFileSync(spec, JSON.stringify({ profile: "smoke", expectation: {}, ...soon }));
  const ran = await runProbe({ "/v1/chat/completions": chat }, ["--spec", spec, "--report", `junit=${report}`]);
  expect([ran.exitCode, readFileSync(report, "utf8")]).toEqual([exitCode, expect.stringMatching(says)]);
});

test("a report goes into a device as it is; beside a file no draft is left", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
  const args = ["--only", "text", "--report", "junit=/dev/null", "--report", `termination=${join(folder, "log")}`];
  expect((await runProbe({ "/v1/chat/completions": rightChat }, args)).exitCode).toBe(0);
  expect(readdirSync(folder)).toEqual(["log"]);
});

/** Runs `keye probe` against a chat endpoint that can cancel the run; tells its exit code and the last thing it said. */
async function runCancelled(chat: (cancel: () => void) => Handler, args: readonly string[]) {
  const stop = new AbortController();
  const cancel = () => stop.abort(new DeployError({ code: "E_CANCELLED", where: "x", message: "y." }));
  const engine = new ScriptedEngine({ "/v1/chat/completions": chat(cancel) });
  const { world, err } = probeWorld({}, stop.signal);
  try {
    const ended = await probe.run(["--base-url", await engine.listen(), ...args], world).catch(exitCodeOf);
    return { exitCode: ended, last: err().split("\n").at(-1) };
  } finally {
    await engine.close();
  }
}

test("a cancelled run ends with 130, and its reports hold what came back until then", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
  const reports = ["json", "junit"].flatMap((format) => ["--report", `${format}=${join(folder, format)}`]);
  expect(await runCancelled((cancel) => () => cancel(), reports)).toEqual({
    exitCode: 130,
    last: expect.stringMatching(/^inconclusive: .*: a signal ended the run in text; 2 of 4 checks were done\.$/),
  });
  expect(JSON.parse(readFileSync(join(folder, "json"), "utf8"))).toMatchObject({
    verdict: "inconclusive",
    reason: "a signal ended the run in text; 2 of 4 checks were done.",
    counts: { skipped: 2 },
  });
  expect(readFileSync(join(folder, "junit"), "utf8")).toContain('<error type="inconclusive" message="a signal ended');
});

test("a wrong answer that came before the signal is told as one", async () => {
  const wrongThenHanging = (cancel: () => void): Handler => {
    return (response, body, request) =>
      body.stream === true ? cancel() : json(chatBody("7"))(response, body, request);
  };
  expect(await runCancelled(wrongThenHanging, [])).toEqual({
    exitCode: 130,
    last: expect.stringMatching(/^fail: .*text/),
  });
});
