import { encode as encodeJpeg } from "jpeg-js";
import { PNG } from "pngjs";
import { blockFont, glyphColumns, glyphRows } from "../../../infra/core/block-font.ts";
import type { Picture } from "../../../infra/rehearsal/engine/media/picture.ts";

type Colour = readonly [red: number, green: number, blue: number];

/** A picture of one colour. */
export function plainPicture(width: number, height: number, [red, green, blue]: Colour): Picture {
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < rgba.length; i += 4) rgba.set([red, green, blue, 255], i);
  return { width, height, rgba };
}

/** Fills a rectangle. */
export function fill(
  picture: Picture,
  x: number,
  y: number,
  width: number,
  height: number,
  [red, green, blue]: Colour,
): void {
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) {
      picture.rgba.set([red, green, blue, 255], 4 * (row * picture.width + column));
    }
  }
}

/** Draws a code with the block font, each cell a square of `cell` pixels, glyphs one cell apart. */
export function drawCode(picture: Picture, code: string, x: number, y: number, cell: number, ink: Colour): void {
  [...code].forEach((glyph, index) => {
    const shape = blockFont[glyph] ?? [];
    for (let row = 0; row < glyphRows; row++) {
      for (let column = 0; column < glyphColumns; column++) {
        if (shape[row]?.[column] !== "#") continue;
        fill(picture, x + (index * (glyphColumns + 1) + column) * cell, y + row * cell, cell, cell, ink);
      }
    }
  });
}

export function toPng({ width, height, rgba }: Picture): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgba);
  return PNG.sync.write(png);
}

export function toJpeg({ width, height, rgba }: Picture, quality = 80): Buffer {
  return encodeJpeg({ width, height, data: Buffer.from(rgba) }, quality).data;
}

/** An AVI of Motion-JPEG frames, or of uncompressed ones. */
export function toAvi(frames: readonly Picture[], framesPerSecond: number, kind: "mjpeg" | "raw"): Buffer {
  const [first] = frames;
  if (first === undefined) throw new Error("a film needs a frame");
  const chunk = (id: string, data: Buffer) => {
    const head = Buffer.alloc(8);
    head.write(id, "latin1");
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
  };
  const list = (id: string, type: string, ...parts: readonly Buffer[]) =>
    chunk(id, Buffer.concat([Buffer.from(type, "latin1"), ...parts]));
  const header = Buffer.alloc(56);
  header.writeUInt32LE(Math.round(1e6 / framesPerSecond), 0);
  header.writeUInt32LE(frames.length, 16);
  const stream = Buffer.alloc(56);
  stream.write(`vids${kind === "mjpeg" ? "MJPG" : "DIB "}`, "latin1");
  stream.writeUInt32LE(1, 20);
  stream.writeUInt32LE(framesPerSecond, 24);
  stream.writeUInt32LE(frames.length, 32);
  const format = Buffer.alloc(40);
  format.writeUInt32LE(40, 0);
  format.writeInt32LE(first.width, 4);
  format.writeInt32LE(first.height, 8);
  format.writeUInt16LE(1, 12);
  format.writeUInt16LE(24, 14);
  if (kind === "mjpeg") format.write("MJPG", 16, "latin1");
  const data = frames.map((frame) =>
    kind === "mjpeg" ? chunk("00dc", toJpeg(frame)) : chunk("00db", rawFrame(frame)),
  );
  const strl = list("LIST", "strl", chunk("strh", stream), chunk("strf", format));
  return list("RIFF", "AVI ", list("LIST", "hdrl", chunk("avih", header), strl), list("LIST", "movi", ...data));
}

function rawFrame({ width, height, rgba }: Picture): Buffer {
  const stride = Math.ceil((width * 3) / 4) * 4;
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 4 * (y * width + x);
      const to = (height - 1 - y) * stride + 3 * x;
      out.set([rgba[from + 2] ?? 0, rgba[from + 1] ?? 0, rgba[from] ?? 0], to);
    }
  }
  return out;
}

/** A `data:` URI. */
export function dataUri(type: string, bytes: Buffer): string {
  return `data:${type};base64,${bytes.toString("base64")}`;
}
