import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import type { ProbeSpec } from "../../../infra/core/probe-spec.ts";
import type { Measurement } from "../../../infra/gate/measurement.ts";
import { recordBaseline } from "../../../infra/prober/baseline/record.ts";
import type { Check } from "../../../infra/prober/check.ts";
import { golden } from "../../../infra/prober/checks/golden.ts";
import { image } from "../../../infra/prober/checks/image.ts";
import { text } from "../../../infra/prober/checks/text.ts";
import { measure } from "../../../infra/prober/suite.ts";
import { chatBody, type Handler, json, promptOf, ScriptedEngine, sumOf } from "../../support/scripted-engine.ts";

/** Pauses between retries are over at once. */
const clock = { now: () => systemClock.now(), sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
const options = { clock, signal: AbortSignal.timeout(4500), seed: 1 };
const gate: ProbeSpec = { profile: "gate", expectation: {} };

const known: Readonly<Record<string, string>> = {
  "What is the capital of France? Answer with one word.": "Paris",
  "Count from 3 to 9, separated by commas.": "3, 4, 5, 6, 7, 8, 9",
};
const right: Handler = (response, body, request) => {
  const prompt = promptOf(body);
  json(chatBody(known[prompt] ?? String(sumOf(prompt))))(response, body, request);
};
const reset: Handler = (_response, _body, request) => request.socket.destroy();
const fullQueue = json({ object: "error", message: "The request queue is full.", code: 503 }, 503);
const wrong = json(chatBody("no idea"));

let engine: ScriptedEngine;
afterEach(() => engine.close());

/** An engine whose first answers are these, and which is right from then on. */
async function listen(first: readonly Handler[]) {
  let asked = 0;
  const chat: Handler = (...exchange) => (first[asked++] ?? right)(...exchange);
  engine = new ScriptedEngine({ "/v1/chat/completions": chat });
  return { name: "pod-a", baseUrl: await engine.listen() };
}

async function ask(check: Check, first: readonly Handler[], fields: Partial<ProbeSpec> = {}): Promise<Measurement> {
  return measure(check, await listen(first), { ...gate, ...fields }, options);
}

describe("a request that never reached the model is sent again, and counted apart", () => {
  test.each<[string, readonly Handler[]]>([
    ["a reset connection", [reset]],
    ["two resets in a row", [reset, reset]],
    ["a full queue", [fullQueue]],
    ["too many requests", [json({ message: "slow down" }, 429)]],
    ["a reset, then a full queue", [reset, fullQueue]],
  ])("%s passes", async (_name, first) => {
    expect(await ask(text, first)).toMatchObject({
      outcome: "pass",
      attempts: 3 + first.length,
      transportErrors: first.length,
    });
  });

  test("three resets in a row are no answer", async () => {
    expect(await ask(text, [reset, reset, reset])).toMatchObject({ outcome: "error", attempts: 3, transportErrors: 2 });
  });

  test("a full queue that stays full is the engine's own answer", async () => {
    const found = await ask(text, [fullQueue, fullQueue, fullQueue]);
    expect(found).toMatchObject({ outcome: "fail", attempts: 3, transportErrors: 2 });
    expect(found.reason).toContain("HTTP 503: The request queue is full.");
  });

  test("a request that timed out has spent its time, and is not sent again", async () => {
    const found = await ask(text, [() => undefined], { timeoutsSeconds: { text: 0.03 } });
    expect(found).toMatchObject({ outcome: "error", attempts: 1, transportErrors: 0 });
  });
});

describe("an answer of the model is never asked for again until it is right", () => {
  test.each<[string, Handler]>([
    ["a wrong one", wrong],
    ["an empty one", json(chatBody(""))],
    ["an error", json({ object: "error", message: "boom" }, 500)],
    ["an engine that starts", json({ message: "not ready" }, 503)],
    ["an error inside 200", json({ object: "error", message: "boom" })],
  ])("%s fails, though the next would have been right", async (_name, first) => {
    expect(await ask(text, [first])).toMatchObject({ outcome: "fail", attempts: 1, transportErrors: 0 });
  });

  test("one golden answer that differs fails: each golden prompt is asked once", async () => {
    const baseline = await recordBaseline(await listen([]), { ...options, runs: 2 });
    await engine.close();
    const found = await measure(golden, await listen([right, wrong]), gate, { ...options, baseline });
    expect(found).toMatchObject({ outcome: "fail", attempts: baseline.goldens.length, facts: { differing: 1 } });
    expect(found.reason).toContain(
      '"What is 17 + 25? Answer with the number only.": wanted as recorded "42", got "no idea"',
    );
  });

  test("a picture that was misread is not shown again", async () => {
    const counted = json({ ...chatBody("no idea"), usage: { prompt_tokens: 92, completion_tokens: 3 } });
    const bare = json({ ...chatBody("none"), usage: { prompt_tokens: 20, completion_tokens: 3 } });
    expect(await ask(image, [bare, counted])).toMatchObject({ outcome: "fail", attempts: 2 });
  });
});

describe("so many right answers in a row are wanted", () => {
  test.each<[string, Partial<ProbeSpec>, number]>([
    ["one in smoke", { profile: "smoke" }, 1],
    ["three in gate", {}, 3],
    ["three in soak", { profile: "soak" }, 3],
    ["as many as the spec says", { consecutivePasses: 7 }, 7],
  ])("%s", async (_name, fields, wanted) => {
    expect(await ask(text, [], fields)).toMatchObject({ outcome: "pass", attempts: wanted });
  });

  test.each([1, 2, 3])("a wrong one at place %i of three fails there", async (place) => {
    const found = await ask(text, [...Array<Handler>(place - 1).fill(right), wrong]);
    expect(found).toMatchObject({ outcome: "fail", attempts: place });
    expect(found.reason).toContain(`Question ${place} of 3: `);
  });
});
