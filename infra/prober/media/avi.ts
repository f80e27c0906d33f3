import type { Canvas } from "./canvas.ts";
import { encodeJpeg } from "./encode.ts";

/** A film's frames, all of the size of the first. */
export interface Film {
  readonly frames: readonly Canvas[];
  readonly framesPerSecond: number;
}

/** Frames are often one canvas, in one film and in many: each is compressed once while anybody holds it. */
const compressed = new WeakMap<Canvas, Buffer>();

/**
 * A Motion-JPEG AVI: every frame is a picture of its own, so that it can be written without a video encoder and is opened
 * by ffmpeg, which torchcodec reads with.
 */
export function encodeAvi({ frames, framesPerSecond }: Film): Buffer {
  const { width, height } = frames[0] ?? { width: 0, height: 0 };
  const size = { width, height, framesPerSecond, count: frames.length };
  const pictures = frames.map((frame) => {
    const picture = compressed.get(frame) ?? encodeJpeg(frame);
    compressed.set(frame, picture);
    return picture;
  });
  const stream = list("strl", [chunk("strh", streamHeader(size)), chunk("strf", bitmapHeader(size))]);
  const movie = list(
    "movi",
    pictures.map((picture) => chunk("00dc", picture)),
  );
  return riff("RIFF", "AVI ", [
    list("hdrl", [chunk("avih", mainHeader(size)), stream]),
    movie,
    chunk("idx1", index(pictures)),
  ]);
}

interface Size {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly count: number;
}

function mainHeader({ width, height, framesPerSecond, count }: Size): Buffer {
  const hasIndex = 0x10;
  return words([1_000_000 / framesPerSecond, 0, 0, hasIndex, count, 0, 1, 0, width, height, 0, 0, 0, 0]);
}

function streamHeader({ width, height, framesPerSecond, count }: Size): Buffer {
  const kind = Buffer.from("vidsMJPG");
  const anyQuality = 0xffffffff;
  const corner = (height << 16) | width;
  return Buffer.concat([kind, words([0, 0, 0, 1, framesPerSecond, 0, count, 0, anyQuality, 0, 0, corner])]);
}

function bitmapHeader({ width, height }: Size): Buffer {
  const planesAndDepth = (24 << 16) | 1;
  const compression = Buffer.from("MJPG").readUInt32LE();
  return words([40, width, height, planesAndDepth, compression, width * height * 3, 0, 0, 0, 0]);
}

function index(pictures: readonly Buffer[]): Buffer {
  // Counted from the list's own type word.
  let offset = 4;
  const isKeyFrame = 0x10;
  const entries = pictures.map((picture) => {
    const entry = Buffer.concat([Buffer.from("00dc"), words([isKeyFrame, offset, picture.length])]);
    offset += 8 + picture.length + (picture.length % 2);
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

/** Chunks start at even offsets. */
function chunk(tag: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(tag), words([body.length]), body, Buffer.alloc(body.length % 2)]);
}

function words(values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) buffer.writeUInt32LE(value >>> 0, at * 4);
  return buffer;
}
