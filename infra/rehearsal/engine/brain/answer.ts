import type { Picture } from "../media/picture.ts";
import { findCalculation } from "./arithmetic.ts";
import { colourNames } from "./colours.ts";
import { findCapital, findCopy, findCount, findEcho, findNeedle } from "./recall.ts";
import { answerAboutFilm, answerAboutPictures, short } from "./vision.ts";

/** All that a model knows of a conversation when it begins to answer. */
export interface Prompt {
  /** Every message's text, oldest first. */
  readonly conversation: string;
  /** The last user message. */
  readonly question: string;
  readonly pictures: readonly Picture[];
  /** Sampled frames of each film. */
  readonly films: readonly (readonly Picture[])[];
  readonly wantsJson: boolean;
}

/**
 * Answers as a competent model would: sums, words to repeat, facts from the prompt, pictures and films from their pixels;
 * anything else gets a fluent sentence. The same prompt always gets the same answer.
 */
export function answer(prompt: Prompt): string {
  if (prompt.wantsJson || /\bjson\b/i.test(prompt.question)) return jsonAnswer(prompt);
  return plainAnswer(prompt);
}

function plainAnswer({ question, conversation, pictures, films }: Prompt): string {
  const [film] = films;
  if (film !== undefined) return answerAboutFilm(question, film);
  if (pictures.length > 0) return answerAboutPictures(question, pictures);
  const copy = findCopy(question);
  if (copy !== undefined) return copy;
  const needle = findNeedle(conversation);
  if (needle !== undefined) return short(question) ? needle : `It is ${needle}.`;
  const calculation = findCalculation(question);
  const echo = findEcho(question);
  if (echo !== undefined && calculation === undefined) return echo;
  if (calculation !== undefined) {
    const { expression, result } = calculation;
    return short(question) ? String(result) : `${expression} = ${result}.`;
  }
  const count = findCount(question);
  if (count !== undefined) return count.join(", ");
  const found = findCapital(question);
  if (found !== undefined) {
    return short(question) ? found.capital : `The capital of ${found.country} is ${found.capital}.`;
  }
  return generic(question);
}

/** An object with the keys that the question names, each holding the answer; `answer` where it names none. */
function jsonAnswer(prompt: Prompt): string {
  const keys = [...prompt.question.matchAll(/["“'`](\w+)["”'`]\s*:|\bkeys?\s+["“'`]?(\w+)/g)].map(
    (match) => match[1] ?? match[2],
  );
  const question = `${prompt.question.replace(/[{][^}]*[}]/g, " ")} Answer with the value only.`;
  const text = plainAnswer({ ...prompt, question, conversation: question });
  const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  const names = keys.length > 0 ? keys : ["answer"];
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, value])));
}

const sentences: readonly string[] = [
  "It is a broad subject, and it helps to look at its parts one after another",
  "There are several sides to it, and each of them matters in practice",
  "The short version is that it depends on where one stands and what one looks for",
  "Much has been written about it, and most of it agrees on the essentials",
];

function generic(question: string): string {
  const topic = /\b(?:describe|about|explain)\s+(.{3,60}?)[.?!]*$/i.exec(question.trim())?.[1];
  let hash = 0;
  for (const character of question) hash = (31 * hash + (character.codePointAt(0) ?? 0)) >>> 0;
  const sentence = sentences[hash % sentences.length];
  return topic === undefined ? `${sentence}.` : `You ask about ${topic}. ${sentence}.`;
}

/** A fluent answer that is wrong wherever `text` can be: numbers, colours, codes and words become others. */
export function distort(text: string): string {
  const shifted = text.replace(/\d+/g, (digits) => String(Number(digits) + 7).padStart(digits.length, "0"));
  const recoloured = shifted.replace(/\p{Ll}+/gu, (word) => {
    const at = colourNames.indexOf(word);
    return at < 0 ? word : (colourNames[(at + 3) % colourNames.length] ?? word);
  });
  const recoded = recoloured.replace(/\b[A-Z][A-Z0-9]+\b/g, (code) =>
    [...code].reverse().join("").replace(/[A-Y]/, "Z"),
  );
  if (recoded !== text) return recoded;
  const other = ["candle", "river", "window"].find((word) => !text.includes(word)) ?? "harbour";
  return text.includes(" ") ? `I would rather speak of a ${other}.` : other;
}
