import { blockFont, glyphColumns, glyphRows } from "../../core/block-font.ts";
import type { Colour } from "./palette.ts";

/** A picture that is drawn: four bytes a pixel (red, green, blue, alpha), row by row from the top. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** A shape that {@link drawShape} knows. */
export type Shape = "circle" | "square" | "triangle";

/** A canvas of one colour. */
export function blankCanvas(width: number, height: number, ground: Colour): Canvas {
  const canvas = { width, height, rgba: new Uint8Array(width * height * 4) };
  fill(canvas, ground, { left: 0, top: 0, width, height }, () => true);
  return canvas;
}

/** Draws a filled shape into the middle; it covers about a quarter of a square canvas. */
export function drawShape(canvas: Canvas, shape: Shape, colour: Colour): void {
  const reach = Math.min(canvas.width, canvas.height) * 0.3;
  fill(canvas, colour, { left: 0, top: 0, width: canvas.width, height: canvas.height }, (x, y) => {
    const dx = Math.abs(x + 0.5 - canvas.width / 2);
    const dy = y + 0.5 - canvas.height / 2;
    if (shape === "circle") return dx * dx + dy * dy <= reach * reach;
    if (Math.abs(dy) > reach) return false;
    return shape === "square" ? dx <= reach : dx <= (dy + reach) / 2;
  });
}

/** Writes digits and capitals from the point given, each cell of a glyph a square of `cell` pixels. */
export function drawText(canvas: Canvas, text: string, at: { x: number; y: number; cell: number }): void {
  for (const [index, letter] of [...text].entries()) {
    const glyph = blockFont[letter];
    if (glyph === undefined) throw new Error(`the block font has no "${letter}"`);
    const left = at.x + index * (glyphColumns + 1) * at.cell;
    const box = { left, top: at.y, width: glyphColumns * at.cell, height: glyphRows * at.cell };
    fill(canvas, [0, 0, 0], box, (x, y) => {
      const row = Math.floor((y - at.y) / at.cell);
      const column = Math.floor((x - left) / at.cell);
      return glyph[row]?.[column] === "#";
    });
  }
}

/** Width and height in pixels of a text of {@link drawText}. */
export function textSize(text: string, cell: number): { readonly width: number; readonly height: number } {
  return { width: (text.length * (glyphColumns + 1) - 1) * cell, height: glyphRows * cell };
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Colours the pixels of a box for which `has` holds; the box must lie within the canvas. */
function fill(canvas: Canvas, [red, green, blue]: Colour, box: Box, has: (x: number, y: number) => boolean): void {
  for (let y = box.top; y < box.top + box.height; y++) {
    for (let x = box.left; x < box.left + box.width; x++) {
      if (!has(x, y)) continue;
      const at = 4 * (y * canvas.width + x);
      canvas.rgba[at] = red;
      canvas.rgba[at + 1] = green;
      canvas.rgba[at + 2] = blue;
      canvas.rgba[at + 3] = 255;
    }
  }
}
