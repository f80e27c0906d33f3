import { describe, expect, test } from "vitest";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import type { ProbeSpec } from "../../../infra/core/probe-spec.ts";
import type { Check } from "../../../infra/prober/check.ts";
import { reasoning } from "../../../infra/prober/checks/reasoning.ts";
import { toolCall, toolCallFlaw } from "../../../infra/prober/checks/tool-call.ts";
import { measure } from "../../../infra/prober/suite.ts";
import { generation } from "../../../infra/rehearsal/engine/openai/generation.ts";
import { parsedMessage } from "../../../infra/rehearsal/engine/openai/parsers.ts";
import { startRogue } from "../../support/rogues.ts";
import { chatBody, type Handler, json, promptOf, ScriptedEngine, sumOf } from "../../support/scripted-engine.ts";

const options = { clock: systemClock, signal: new AbortController().signal };
const spec: ProbeSpec = {
  profile: "gate",
  expectation: { servedModelName: "keye", toolCallParser: "qwen", reasoningParser: "qwen3" },
};

async function ask(check: Check, handler: Handler) {
  const engine = new ScriptedEngine({ "/v1/chat/completions": handler });
  try {
    const target = { name: "engine", baseUrl: await engine.listen() };
    return await measure(check, target, spec, options);
  } finally {
    await engine.close();
  }
}

describe("without a declared parser nothing is asked:", () => {
  test.each([toolCall, reasoning])("$name", async (check) => {
    const target = { name: "nobody", baseUrl: "http://127.0.0.1:9" };
    const measured = await measure(check, target, { profile: "gate", expectation: {} }, options);
    expect(measured).toMatchObject({ outcome: "skipped", attempts: 0 });
  });
});

describe("the simulator", () => {
  test("with both parsers passes both", async () => {
    await using engine = await startRogue(undefined, 100, {
      flags: ["--tool-call-parser=qwen", "--reasoning-parser=qwen3"],
    });
    expect(await measure(toolCall, engine.target, spec, options)).toMatchObject({ outcome: "pass" });
    expect(await measure(reasoning, engine.target, spec, options)).toMatchObject({ outcome: "pass" });
  });

  test("leaves marks around what is no call in the text", () => {
    const text = "<tool_call>\nno call\n</tool_call>";
    const made = generation(text, { maxTokens: 100, ignoresEos: false, stop: [] });
    const { message, finish } = parsedMessage({ tool_call_parser: "qwen", reasoning_parser: null }, made);
    expect(message).toMatchObject({ content: text, tool_calls: null });
    expect(finish.finishReason).toBe("stop");
  });

  test("without them shows the model's own marks, which fail", async () => {
    await using engine = await startRogue(undefined, 100);
    const call = await measure(toolCall, engine.target, spec, options);
    expect(call.reason).toContain('wanted a tool call, got the text "<tool_call>');
    const thought = await measure(reasoning, engine.target, spec, options);
    expect(thought.reason).toContain('wanted an answer without thoughts, got "<think>');
  });
});

describe("a tool call is looked at to its arguments", () => {
  const body = (called: object, finish = "tool_calls") =>
    JSON.stringify({
      choices: [
        { message: { content: null, tool_calls: [{ type: "function", function: called }] }, finish_reason: finish },
      ],
    });
  const good = { name: "add_numbers", arguments: '{"a": 12, "b": 34}' };
  test.each<readonly [string, string, string | undefined]>([
    ["a right one", body(good), undefined],
    ["another tool", body({ ...good, name: "multiply" }), 'wanted a call of add_numbers, got one of "multiply"'],
    [
      "swapped numbers",
      body({ ...good, arguments: '{"a":34,"b":12}' }),
      'wanted the arguments {"a":12,"b":34}, got {"a":34,"b":12}',
    ],
    [
      "arguments that are no JSON",
      body({ ...good, arguments: "12, 34" }),
      'wanted the arguments {"a":12,"b":34}, got 12, 34',
    ],
    ["a stop", body(good, "stop"), "wanted the finish_reason tool_calls, got stop"],
    ["an error", '{"object":"error","message":"no"}', "an error in a 200 answer: no"],
    ["no JSON", "<html>", 'the body is not a JSON object: "<html>"'],
  ])("%s", (_, text, flaw) => {
    expect(toolCallFlaw(text, [12, 34])).toBe(flaw);
  });
});

describe("thoughts are wanted apart", () => {
  const right: Handler = (response, body, request) =>
    json(chatBody(String(sumOf(promptOf(body)))))(response, body, request);
  test("a model without thoughts leaves the parser unproven", async () => {
    expect(await ask(reasoning, right)).toMatchObject({ outcome: "skipped", attempts: 1 });
  });

  test("a wrong sum fails", async () => {
    expect(await ask(reasoning, json(chatBody("1")))).toMatchObject({ outcome: "fail" });
  });
});
