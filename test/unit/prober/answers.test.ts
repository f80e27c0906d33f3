import { expect, test } from "vitest";
import { freshQuestion, isRight } from "../../../infra/prober/arithmetic.ts";
import { framesOf } from "../../../infra/prober/event-stream.ts";

test.each([
  ["the bare number", "42", true],
  ["a sentence around it", "17 + 25 = 42.", true],
  ["thoughts first", "<think>17 + 25 is 43? no</think>42", true],
  ["another number last", "42 is not 43", false],
  ["no number", "forty-two", false],
  ["a number that only contains it", "142", false],
])("an answer with %s is judged by its last number", (_name, text, expected) => {
  expect(isRight({ prompt: "", answer: 42 }, text)).toBe(expected);
});

test("two questions of one run differ", () => {
  const numbers = [0.1, 0.2, 0.3, 0.4];
  const random = () => numbers.shift() ?? 0;
  expect([freshQuestion(random).prompt, freshQuestion(random).prompt]).toEqual([
    "What is 19 + 28? Answer with the number only.",
    "What is 37 + 46? Answer with the number only.",
  ]);
});

test("frames are put together across chunks, and one without its end is dropped", () => {
  const chunks = [
    { text: 'data: {"a"', at: 1 },
    { text: ":1}\r\n\r\ndata: x\n", at: 2 },
    { text: "\ndata: half", at: 3 },
  ];
  expect(framesOf(chunks)).toEqual([
    { payload: '{"a":1}', at: 2 },
    { payload: "x", at: 3 },
  ]);
});
