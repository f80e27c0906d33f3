import { describe, expect, test } from "vitest";
import { answer, distort } from "../../../infra/rehearsal/engine/brain/answer.ts";
import { pieces } from "../../../infra/rehearsal/engine/tokens.ts";

function ask(question: string, conversation = question): string {
  return answer({ question, conversation, pictures: [], films: [], wantsJson: false });
}

describe("the model", () => {
  test.each([
    ["What is 17 + 25? Answer with the number only.", "42"],
    ["What is 17+25? Reply with only the number.", "42"],
    ["Compute 384 * 12. Answer with only the number.", "4608"],
    ["How much is 7 times 8? Just the number.", "56"],
    ["What is 144 divided by 12? Only the number, please.", "12"],
    ["What is (3 + 4) * (10 - 2)? Number only.", "56"],
    ["What is 1,000 - 1? Number only.", "999"],
    ["Calculate 2 + 3 × 4. Number only.", "14"],
    ["What is the sum of 19 and 23? Answer with a number only.", "42"],
    ["Add 5 and 6. Answer with the number only.", "11"],
    ["What is the product of 6 and 7? Number only.", "42"],
    ["What is -5 + 3? Number only.", "-2"],
    ["What is 7 / 2? Number only.", "3.5"],
    ["What is 6 plus 7?", "6 + 7 = 13."],
    ["Compute 47 + 38 and reply with only the resulting number.", "85"],
    ["Repeat exactly: The quick brown fox.", "The quick brown fox."],
    ["Repeat exactly: What is 2 + 3?", "What is 2 + 3?"],
    ["The launch number is 4821. Tell me the launch number. Digits only.", "4821"],
    ["Reply with the word banana", "banana"],
    ["Reply with the single word OK", "OK"],
    ["Say 'hello there' and nothing else.", "hello there"],
    ['Respond with "K7Q2" only.', "K7Q2"],
    ["What is the capital of France? One word only.", "Paris"],
    ["What is the capital of the United States?", "The capital of United States is Washington, D.C.."],
    ["Count from 1 to 5.", "1, 2, 3, 4, 5"],
    ["count to three", "1, 2, 3"],
    ["Count from five to one", "5, 4, 3, 2, 1"],
  ])("%s", (question, expected) => {
    expect(ask(question)).toBe(expected);
  });

  test("finds a needle in a long prompt", () => {
    const hay = "The grass is green. The sky is blue. The sun is yellow. ".repeat(300);
    const prompt = `${hay}The secret code is QX7719. ${hay}What is the secret code? Answer with the code only.`;
    expect(ask(prompt)).toBe("QX7719");
  });

  test("finds a needle that an earlier message hid", () => {
    expect(
      ask("What is the passphrase? Only the word.", "The passphrase is tulip.\nWhat is the passphrase? Only the word."),
    ).toBe("tulip");
  });

  test.each([
    ['What is 2 + 3? Answer as JSON: {"sum": <number>}', '{"sum":5}'],
    ['Reply in JSON with the key "answer": what is 6 * 7?', '{"answer":42}'],
    ['Return JSON like {"capital": "..."} for: what is the capital of Japan?', '{"capital":"Tokyo"}'],
  ])("answers in JSON: %s", (question, expected) => {
    expect(ask(question)).toBe(expected);
  });

  test("answers in JSON where the request's format says so", () => {
    const prompt = { question: "What is 2 + 2?", conversation: "", pictures: [], films: [], wantsJson: true };
    expect(answer(prompt)).toBe('{"answer":4}');
  });

  test.each(["On 2026-11-24 it rained.", "Describe the sea.", "Call 555-1234.", ""])(
    "says something fluent about %j",
    (question) => {
      expect(ask(question)).toMatch(/^[A-Z].{20,}\.$/);
    },
  );

  test("says the same to the same prompt", () => {
    expect(ask("Describe the sea.")).toBe(ask("Describe the sea."));
  });
});

describe("a wrong answer", () => {
  test.each([
    "42",
    "17 + 25 = 42.",
    "banana",
    "K7Q2",
    "It is red.",
    '{"sum":5}',
    "1, 2, 3",
    "The capital of France is Paris.",
    "OK",
  ])("%s becomes another", (right) => {
    const wrong = distort(right);
    expect(wrong).not.toBe("");
    expect(wrong).not.toContain(right);
  });

  test("of a number does not hold the right number", () => {
    expect(distort("42")).toBe("49");
  });
});

test.each(["Hello, world!", "第一 test 42\n\n  indented", "naïve café — 100%", "🙂 ok", ""])(
  "the pieces of %j are the text again",
  (text) => {
    expect(pieces(text).join("")).toBe(text);
  },
);
