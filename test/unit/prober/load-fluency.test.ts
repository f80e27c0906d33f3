import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { fluency } from "../../../infra/prober/checks/fluency.ts";
import { degeneration, foreignShare, loopIn, unprintableShare } from "../../../infra/prober/degenerate.ts";
import { measure } from "../../../infra/prober/suite.ts";
import { chatBody, json, ScriptedEngine } from "../../support/scripted-engine.ts";

const fluent =
  "The sea is a broad sheet of moving water. It carries ships and weather alike, and it never quite rests. " +
  "At dusk it takes the colour of the sky.";

test.each([
  ["fluent text", fluent, undefined],
  ["an empty text", "", undefined],
  ["a chorus", "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily.", undefined],
  ["a table", `| a | b |\n|${"-".repeat(40)}|\n| 1 | 2 |`, undefined],
  ["a heading with rules", `${"=".repeat(60)}\nThe sea\n${"=".repeat(60)}`, undefined],
  ["one word for ever", "sea ".repeat(40), { unit: "sea", rounds: 12 }],
  ["signs for ever", "!".repeat(300), { unit: "!", rounds: 12 }],
  ["a sentence for ever", "the sea is blue and ".repeat(6), { unit: "the sea is blue and", rounds: 4 }],
  [
    "a loop after a good beginning",
    `${fluent} ${"and so on and on ".repeat(5)}`,
    { unit: "and so on and on", rounds: 4 },
  ],
  ["letters for ever", `a${"h".repeat(50)}`, { unit: "h", rounds: 50 }],
  ["Chinese signs for ever", "大海".repeat(12), { unit: "大 海", rounds: 6 }],
])("loops: %s", (_name, text, loop) => {
  expect(loopIn(text)).toEqual(loop);
});

test.each([
  ["text with line ends and emoji", "The sea.\n\tIt is wide 🌊👩‍🚀.", 0],
  ["replacement characters", "ab\uFFFD\uFFFD", 0.5],
  ["control characters", "a\u0000\u0007b", 0.5],
  ["a private character", "\uE000abc", 0.25],
  ["nothing", "", 0],
])("characters that cannot be printed: %s", (_name, text, share) => {
  expect(unprintableShare(text)).toBe(share);
});

test.each([
  ["English with accents", "Señor café", 0],
  ["Chinese", "大海很宽", 1],
  ["half and half", "sea 大海海", 0.5],
  ["numbers only", "12 34", 0],
])("letters of another script: %s", (_name, text, share) => {
  expect(foreignShare(text)).toBe(share);
});

test.each([
  ["fluent text", fluent, undefined],
  ["a name in another script", `${fluent} In Chinese it is called 大海.`, undefined],
  ["a loop", "blue sea ".repeat(20), '"blue sea" 6 times in a row'],
  ["garbage", `The sea ${"\uFFFD".repeat(2)} is wide and open.`, "cannot be printed, 2 % allowed"],
  ["a flip of language", "The sea 大海是一片宽阔的水域从不停歇傍晚映着天空的颜色", "of another script, 50 % allowed"],
])("the form of an answer: %s", (_name, text, flaw) => {
  if (flaw === undefined) expect(degeneration(text)).toBeUndefined();
  else expect(degeneration(text)).toContain(flaw);
});

let engine: ScriptedEngine | undefined;
afterEach(() => engine?.close());

test.each([
  ["fluent text", chatBody(fluent), "pass", "words without loops"],
  ["a loop inside thoughts", chatBody(`<think>${"wait ".repeat(30)}</think>${fluent}`), "fail", '"wait" 12 times'],
  ["one word", chatBody("Sea."), "fail", "wanted at least 6 words, got 1"],
  ["a loop", chatBody("the sea ".repeat(40)), "fail", '"the sea" 6 times in a row'],
  ["an error body", { object: "error", message: "boom" }, "fail", "an error in a 200 answer: boom"],
])("an engine that answers an open question with %s", async (_name, body, outcome, reason) => {
  engine = new ScriptedEngine({ "/v1/chat/completions": json(body) });
  const target = { name: "pod-a", baseUrl: await engine.listen() };
  const options = { clock: systemClock, signal: AbortSignal.timeout(2000), seed: 1 };
  const found = await measure(fluency, target, { profile: "gate", expectation: {} }, options);
  expect(found.outcome).toBe(outcome);
  expect(found.reason).toContain(reason);
});
