import type { Film } from "./avi.ts";
import { blankCanvas, type Canvas, drawShape, drawText, type Shape, textSize } from "./canvas.ts";
import { type ColourName, palette } from "./palette.ts";

const white = [255, 255, 255] as const;
/** Without letters and digits that look like another one. */
const alphabet = "ACEFHJKLMNPRTUVWXY3479";
const codeLength = 5;

/** A code that nobody can know before. */
export function freshCode(random: () => number): string {
  return Array.from({ length: codeLength }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
}

/** Whether an answer gives the code; capitals, spaces and signs within it do not matter. */
export function givesCode(answer: string, code: string): boolean {
  return answer
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "")
    .includes(code);
}

/** A code in black somewhere on white, 336 by 168: 12 by 6 visual tokens. */
export function codeScene(code: string, random: () => number): Canvas {
  const canvas = blankCanvas(336, 168, white);
  const cell = 8;
  const text = textSize(code, cell);
  const place = (room: number) => Math.floor(cell + random() * (room - 2 * cell));
  drawText(canvas, code, { x: place(canvas.width - text.width), y: place(canvas.height - text.height), cell });
  return canvas;
}

/** A coloured shape on white, 224 by 224. */
export function shapeScene(shape: Shape, colour: ColourName): Canvas {
  const canvas = blankCanvas(224, 224, white);
  drawShape(canvas, shape, palette[colour].rgb);
  return canvas;
}

const screens = new Map<ColourName, Canvas>();

/** The same canvas each time: many pods are asked at once, and a film's frames are compressed once for all. */
function screenOf(colour: ColourName): Canvas {
  const screen = screens.get(colour) ?? blankCanvas(224, 224, palette[colour].rgb);
  screens.set(colour, screen);
  return screen;
}

/** Fills the picture with one colour after another, each for two seconds: 224 by 224, 2 frames per second. */
export function colourFilm(colours: readonly ColourName[]): Film {
  const framesPerSecond = 2;
  const frames = colours.flatMap((colour) => {
    const frame = screenOf(colour);
    return Array.from({ length: 2 * framesPerSecond }, () => frame);
  });
  return { frames, framesPerSecond };
}
