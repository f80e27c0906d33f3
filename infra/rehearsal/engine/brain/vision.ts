import type { Picture } from "../media/picture.ts";
import type { Region } from "./colours.ts";
import { coloursOf, everywhere } from "./colours.ts";
import { readGlyphs } from "./glyph-reader.ts";

/** Answers a question about pictures from their pixels, or returns undefined where it asks for something else. */
export function answerAboutPictures(asked: string, pictures: readonly Picture[]): string {
  const question = withoutForm(asked);
  const last = pictures.length - 1;
  const chosen = pictures[Math.min(ordinal(question) ?? 0, last)];
  if (asksForCode(question)) {
    const codes = (pictures.length > 1 && ordinal(question) === undefined ? pictures : [chosen])
      .flatMap((picture) => (picture === undefined ? [] : [readGlyphs(picture)]))
      .filter((code) => code !== "");
    if (codes.length > 0) return short(asked) ? codes.join(", ") : `The picture shows ${codes.join(", ")}.`;
    return "There is no legible text in the picture.";
  }
  if (asksForColour(question) && chosen !== undefined) return colourAnswer(question, short(asked), chosen);
  return pictures.map(describe).join(" ");
}

/** Answers a question about a film from its frames in order. */
export function answerAboutFilm(asked: string, frames: readonly Picture[]): string {
  const question = withoutForm(asked);
  const codes = runs(frames.map(readGlyphs).filter((code) => code !== ""));
  const colours = runs(frames.map((frame) => mainColour(frame)));
  const wanted = asksForCode(question) ? codes : asksForColour(question) ? colours : undefined;
  if (wanted !== undefined) {
    if (wanted.length === 0) return "No text can be read in the video.";
    const one = ordinal(question);
    if (one !== undefined) return wanted.at(Math.min(one, wanted.length - 1)) ?? "";
    if (/\bhow many\b/i.test(question)) return String(new Set(wanted).size);
    return short(asked) ? wanted.join(", ") : `In this order: ${wanted.join(", ")}.`;
  }
  const seen = codes.length > 0 ? ` and the text ${codes.join(", then ")}` : "";
  return `The video has ${frames.length} sampled frames. It shows ${colours.join(", then ")}${seen}.`;
}

function describe(picture: Picture): string {
  const names = coloursOf(picture)
    .slice(0, 3)
    .map(({ name }) => name);
  const code = readGlyphs(picture);
  const text = code === "" ? "" : ` It contains the text ${code}.`;
  return `The image is mostly ${names[0] ?? "grey"}${names.length > 1 ? `, with ${names.slice(1).join(" and ")}` : ""}.${text}`;
}

function colourAnswer(question: string, isShort: boolean, picture: Picture): string {
  const colours = coloursOf(picture, regionOf(question)).map(({ name }) => name);
  const [most = "grey", second] = colours;
  const isFigure = /\b(square|circle|shape|rectangle|triangle|object|figure|dot|text|letters|stripe|cross)\b/i.test(
    question,
  );
  const name = isFigure && !/\bbackground\b/i.test(question) ? (second ?? most) : most;
  if (/\b(which|what) colou?rs\b|\blist\b/i.test(question)) return colours.join(", ");
  return isShort ? name : `It is ${name}.`;
}

/** The colour that fills most of a frame beside the black or white of a text on it. */
function mainColour(frame: Picture): string {
  return coloursOf(frame)[0]?.name ?? "grey";
}

function regionOf(question: string): Region {
  const has = (word: RegExp) => word.test(question);
  return {
    left: has(/\bright\b/i) ? 0.5 : everywhere.left,
    right: has(/\bleft\b/i) ? 0.5 : everywhere.right,
    top: has(/\b(bottom|lower)\b/i) ? 0.5 : everywhere.top,
    bottom: has(/\b(top|upper)\b/i) ? 0.5 : everywhere.bottom,
  };
}

function asksForCode(question: string): boolean {
  return (
    /\b(codes?|texts?|words?|letters?|characters?|digits?|numbers?|written|read|says?|strings?)\b/i.test(question) &&
    !/\bcolou?r of the text\b/i.test(question)
  );
}

/** The question without what it says about the form of the answer, such as "One word only." */
function withoutForm(question: string): string {
  const form =
    /\b(?:in |with |as )?(?:the |a |an |one |single )*(?:words?|numbers?|codes?|colou?rs?|text)(?: only| alone)[.!]?/gi;
  const order = /\b(?:answer|reply|respond)\b[^.?!]*[.!]?/gi;
  return question.replace(order, " ").replace(form, " ");
}

function asksForColour(question: string): boolean {
  return /\bcolou?rs?\b/i.test(question);
}

/** Whether a bare answer is asked for. */
export function short(question: string): boolean {
  return /\b(only|just|nothing else|one word|single word|exactly|no other|without any)\b/i.test(question);
}

/** Position that a question names, from 0; -1 is the last. */
function ordinal(question: string): number | undefined {
  const words: readonly (readonly [RegExp, number])[] = [
    [/\b(last|final|ends?)\b/i, -1],
    [/\bsecond\b/i, 1],
    [/\bthird\b/i, 2],
    [/\bfourth\b/i, 3],
    [/\bfirst\b/i, 0],
  ];
  const found = words.filter(([pattern]) => pattern.test(question));
  return found.length === 1 ? found[0]?.[1] : undefined;
}

/** The items without immediate repetitions. */
function runs(items: readonly string[]): readonly string[] {
  return items.filter((item, index) => item !== items[index - 1]);
}
