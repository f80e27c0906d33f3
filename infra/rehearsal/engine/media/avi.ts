import type { Picture } from "./picture.ts";
import { decodePicture } from "./picture.ts";

/** A decoded film. Frames are decoded when they are asked for. */
export interface Film {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly frameCount: number;
  /** Undefined where the frame is damaged. */
  frame(index: number): Picture | undefined;
}

interface Chunk {
  readonly id: string;
  /** Type of a `LIST` or `RIFF`. */
  readonly list: string;
  readonly data: Buffer;
}

/** Reads an AVI of Motion-JPEG or uncompressed 24-bit frames, or returns undefined for anything else. */
export function readAvi(bytes: Uint8Array): Film | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const riff = chunks(all)[0];
  if (riff?.id !== "RIFF" || riff.list !== "AVI ") return undefined;
  const header = find(riff.data, "hdrl");
  const stream = header && find(header.data, "strl");
  const movie = find(riff.data, "movi");
  if (stream === undefined || movie === undefined) return undefined;
  const format = chunks(stream.data).find((chunk) => chunk.id === "strf")?.data;
  const timing = chunks(stream.data).find((chunk) => chunk.id === "strh")?.data;
  if (format === undefined || timing === undefined || format.length < 20 || timing.length < 28) return undefined;
  const width = format.readInt32LE(4);
  const height = Math.abs(format.readInt32LE(8));
  const compression = format.subarray(16, 20).toString("latin1");
  const isRaw = compression === "\0\0\0\0" && format.readUInt16LE(14) === 24;
  if (compression.toUpperCase() !== "MJPG" && !isRaw) return undefined;
  const frames = chunks(movie.data).filter((chunk) => /^\d\d(dc|db)$/.test(chunk.id) && chunk.data.length > 0);
  const scale = timing.readUInt32LE(20);
  const rate = timing.readUInt32LE(24);
  if (frames.length === 0 || scale === 0 || rate === 0) return undefined;
  const isTopDown = format.readInt32LE(8) < 0;
  return {
    width,
    height,
    framesPerSecond: rate / scale,
    frameCount: frames.length,
    frame: (index) => {
      const data = frames[index]?.data;
      if (data === undefined) return undefined;
      return isRaw ? rawFrame(data, width, height, isTopDown) : decodePicture(data);
    },
  };
}

/** The `LIST` of the given type among the chunks of `data`. */
function find(data: Buffer, list: string): Chunk | undefined {
  return chunks(data).find((chunk) => chunk.id === "LIST" && chunk.list === list);
}

function chunks(data: Buffer): readonly Chunk[] {
  const found: Chunk[] = [];
  for (let at = 0; at + 8 <= data.length; ) {
    const id = data.subarray(at, at + 4).toString("latin1");
    const size = data.readUInt32LE(at + 4);
    const isList = id === "RIFF" || id === "LIST";
    const start = at + 8 + (isList ? 4 : 0);
    const list = isList ? data.subarray(at + 8, at + 12).toString("latin1") : "";
    found.push({ id, list, data: data.subarray(start, Math.min(at + 8 + size, data.length)) });
    // Chunks start at even offsets.
    at += 8 + size + (size % 2);
  }
  return found;
}

/** Rows of blue, green, red, padded to four bytes, the lowest row first unless `isTopDown`. */
function rawFrame(data: Buffer, width: number, height: number, isTopDown: boolean): Picture | undefined {
  const stride = Math.ceil((width * 3) / 4) * 4;
  if (data.length < stride * height) return undefined;
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const row = (isTopDown ? y : height - 1 - y) * stride;
    for (let x = 0; x < width; x++) {
      const from = row + 3 * x;
      rgba.set([data[from + 2] ?? 0, data[from + 1] ?? 0, data[from] ?? 0, 255], 4 * (y * width + x));
    }
  }
  return { width, height, rgba };
}
