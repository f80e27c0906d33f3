import jpeg from "jpeg-js";
import { PNG } from "pngjs";

/** A colour: red, green, blue, each 0 to 255. */
type Colour = readonly [number, number, number];

const size = 224;
const fps = 2;

/** A PNG of one colour, 224 x 224. */
export function colourPng(colour: Colour): Buffer {
  const png = new PNG({ width: size, height: size });
  png.data = Buffer.from(pixels(colour));
  return PNG.sync.write(png);
}

/** A Motion-JPEG AVI that shows each colour for two seconds, 224 x 224 at 2 frames per second. */
export function colourAvi(colours: readonly Colour[]): Buffer {
  const frames = colours.flatMap((colour) => {
    const frame = jpeg.encode({ data: pixels(colour), width: size, height: size }, 90).data;
    return Array.from({ length: 2 * fps }, () => frame);
  });
  const movi = list(
    "movi",
    frames.map((frame) => chunk("00dc", frame)),
  );
  const header = list("hdrl", [
    chunk("avih", mainHeader(frames.length)),
    list("strl", [chunk("strh", streamHeader(frames.length)), chunk("strf", bitmapHeader())]),
  ]);
  return riff("RIFF", "AVI ", [header, movi, chunk("idx1", index(frames))]);
}

function pixels([red, green, blue]: Colour): Uint8Array {
  const rgba = new Uint8Array(size * size * 4);
  for (let at = 0; at < rgba.length; at += 4) rgba.set([red, green, blue, 255], at);
  return rgba;
}

function mainHeader(frames: number): Buffer {
  const hasIndex = 0x10;
  return words([1_000_000 / fps, 0, 0, hasIndex, frames, 0, 1, 0, size, size, 0, 0, 0, 0]);
}

function streamHeader(frames: number): Buffer {
  const kind = Buffer.from("vidsMJPG");
  return Buffer.concat([kind, words([0, 0, 0, 1, fps, 0, frames, 0, 0xffffffff, 0, 0, (size << 16) | size])]);
}

function bitmapHeader(): Buffer {
  const planesAndDepth = (24 << 16) | 1;
  return words([40, size, size, planesAndDepth, Buffer.from("MJPG").readUInt32LE(), size * size * 3, 0, 0, 0, 0]);
}

function index(frames: readonly Buffer[]): Buffer {
  let offset = 4;
  const isKeyFrame = 0x10;
  const entries = frames.map((frame) => {
    const entry = Buffer.concat([Buffer.from("00dc"), words([isKeyFrame, offset, frame.length])]);
    offset += 8 + frame.length + (frame.length % 2);
    return entry;
  });
  return Buffer.concat(entries);
}

function list(kind: string, parts: readonly Buffer[]): Buffer {
  return riff("LIST", kind, parts);
}

function riff(tag: string, kind: string, parts: readonly Buffer[]): Buffer {
  return chunk(tag, Buffer.concat([Buffer.from(kind), ...parts]));
}

function chunk(tag: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(tag), words([body.length]), body, Buffer.alloc(body.length % 2)]);
}

function words(values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    buffer.writeUInt32LE(value >>> 0, i * 4);
  });
  return buffer;
}
