import { withoutThoughts } from "./text.ts";

/** A question with one right answer that no cache and no constant can know. */
export interface Question {
  readonly prompt: string;
  readonly answer: number;
}

/** Makes a fresh sum of two two-digit numbers. `random` gives numbers from 0 up to, not including, 1. */
export function freshQuestion(random: () => number): Question {
  const a = 10 + Math.floor(random() * 90);
  const b = 10 + Math.floor(random() * 90);
  return { prompt: `What is ${a} + ${b}? Answer with the number only.`, answer: a + b };
}

/** Whether the last number in an answer is the right one. Thoughts before `</think>` do not count. */
export function isRight(question: Question, text: string): boolean {
  const numbers = withoutThoughts(text).match(/-?\d+(?:\.\d+)?/g);
  return numbers !== null && Number(numbers.at(-1)) === question.answer;
}
