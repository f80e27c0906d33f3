import type { Picture } from "../media/picture.ts";
import type { Region } from "./colours.ts";
import { coloursOf, everywhere } from "./colours.ts";
import { readGlyphs } from "./glyph-reader.ts";

/** Answers a question about pictures from their pixels: what is written, which colours, or what they show. */
export function answerAboutPictures(asked: string, pictures: readonly Picture[]): string {
  const question = subjectOf(asked);
  const one = ordinal(question);
  const chosen = one === undefined ? pictures : pictures.slice(one === -1 ? one : Math.min(one, pictures.length - 1));
  const [first] = chosen;
  const found: string[] = [];
  if (asksForCode(question)) found.push(codeAnswer(one === undefined ? pictures : chosen.slice(0, 1), short(asked)));
  if (asksForColour(question) && first !== undefined) found.push(colourAnswer(question, short(asked), first));
  if (found.length > 0) return found.join(short(asked) ? ", " : " ");
  return pictures.map(describe).join(" ");
}

function codeAnswer(pictures: readonly Picture[], isShort: boolean): string {
  const codes = pictures.map(readGlyphs).filter((code) => code !== "");
  if (codes.length === 0) return "There is no legible text in the picture.";
  return isShort ? codes.join(", ") : `The picture shows ${codes.join(", ")}.`;
}

/** Answers a question about a film from its frames in order. */
export function answerAboutFilm(asked: string, frames: readonly Picture[]): string {
  const question = subjectOf(asked);
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

/** The colour of a frame: the largest that is not the black, white or grey of its ground, if it covers a tenth. */
function mainColour(frame: Picture): string {
  const colours = coloursOf(frame);
  const coloured = colours.find(({ name, share }) => !["black", "white", "grey"].includes(name) && share >= 0.1);
  return (coloured ?? colours[0])?.name ?? "grey";
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

/** The question without what it says about the form of the answer ("One word only."), as far as a question is left. */
function subjectOf(asked: string): string {
  const form =
    /\b(?:in |with |as )?(?:the |a |an |one |single )*(?:words?|numbers?|codes?|colou?rs?|text)(?: only| alone)[.!]?|\b(?:in|with|using) (?:exactly |just |only )?(?:a|an|one)(?: single)? word\b/gi;
  const order = /\b(?:answer|reply|respond)\b[^.?!]*[.!]?/gi;
  const stages = [asked.replace(order, " ").replace(form, " "), asked.replace(form, " ")];
  return stages.find((stage) => asksForCode(stage) || asksForColour(stage)) ?? asked;
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
