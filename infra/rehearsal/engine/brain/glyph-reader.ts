import { blockFont, glyphColumns, glyphRows } from "../../../core/block-font.ts";
import type { Picture } from "../media/picture.ts";

/** A stretch of rows or columns, `to` excluded. */
interface Band {
  readonly from: number;
  readonly to: number;
}

/** Cells of 35 that may differ before a shape is no glyph at all. */
const tolerance = 5;

/**
 * Reads the digits and capitals of `blockFont` in a picture, line by line, or returns "" where there are none. Ink is what
 * is nearly black on a light ground, or nearly white on a dark one; coloured shapes are not ink.
 */
export function readGlyphs(picture: Picture): string {
  const isInk = inkOf(picture);
  const lines = bands(picture.height, (y) => some(picture.width, (x) => isInk(x, y)));
  return lines
    .filter((line) => line.to - line.from >= glyphRows)
    .map((line) => readLine(picture, line, isInk))
    .filter((text) => text !== "")
    .join(" ");
}

type Ink = (x: number, y: number) => boolean;

function readLine(picture: Picture, line: Band, isInk: Ink): string {
  const cell = (line.to - line.from) / glyphRows;
  const columns = bands(picture.width, (x) => some(line.to - line.from, (dy) => isInk(x, line.from + dy)));
  let text = "";
  let end: number | undefined;
  for (const band of columns) {
    const glyph = matchGlyph(band, line, isInk);
    if (glyph === undefined) continue;
    if (end !== undefined && band.from - end > 3.5 * cell) text += " ";
    text += glyph;
    end = band.to;
  }
  return text;
}

function matchGlyph(columns: Band, rows: Band, isInk: Ink): string | undefined {
  const width = columns.to - columns.from;
  const height = rows.to - rows.from;
  // Cells are squares, give or take the blur of a scaled or compressed picture.
  const ratio = width / height / (glyphColumns / glyphRows);
  if (width < glyphColumns || ratio < 0.7 || ratio > 1.4) return undefined;
  const cells = Array.from({ length: glyphRows }, (_, row) =>
    Array.from({ length: glyphColumns }, (_, column) => {
      const x = Math.floor(columns.from + ((column + 0.5) * width) / glyphColumns);
      const y = Math.floor(rows.from + ((row + 0.5) * height) / glyphRows);
      return isInk(x, y) ? "#" : ".";
    }).join(""),
  ).join("");
  let best: { readonly glyph: string; readonly distance: number } | undefined;
  for (const [glyph, shape] of Object.entries(blockFont)) {
    const distance = differences(cells, shape.join(""));
    if (best === undefined || distance < best.distance) best = { glyph, distance };
  }
  return best !== undefined && best.distance <= tolerance ? best.glyph : undefined;
}

function differences(a: string, b: string): number {
  let count = 0;
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) count++;
  return count;
}

function inkOf({ width, height, rgba }: Picture): Ink {
  const at = (x: number, y: number) => 4 * (y * width + x);
  const darkest = (i: number) => Math.max(rgba[i] ?? 0, rgba[i + 1] ?? 0, rgba[i + 2] ?? 0);
  const lightest = (i: number) => Math.min(rgba[i] ?? 0, rgba[i + 1] ?? 0, rgba[i + 2] ?? 0);
  const corners = [at(0, 0), at(width - 1, 0), at(0, height - 1), at(width - 1, height - 1)];
  const isDark = corners.filter((i) => darkest(i) < 110).length > 2;
  return isDark ? (x, y) => lightest(at(x, y)) > 145 : (x, y) => darkest(at(x, y)) < 110;
}

/** Runs of indices below `length` for which `holds`. */
function bands(length: number, holds: (index: number) => boolean): readonly Band[] {
  const found: Band[] = [];
  let from: number | undefined;
  for (let i = 0; i <= length; i++) {
    const inside = i < length && holds(i);
    if (inside && from === undefined) from = i;
    if (!inside && from !== undefined) {
      found.push({ from, to: i });
      from = undefined;
    }
  }
  return found;
}

function some(length: number, holds: (index: number) => boolean): boolean {
  for (let i = 0; i < length; i++) if (holds(i)) return true;
  return false;
}
