import { decode as decodeJpeg } from "jpeg-js";
import { PNG } from "pngjs";

/** A decoded picture: four bytes a pixel (red, green, blue, alpha), row by row from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** Decodes a PNG or JPEG, or returns undefined where the bytes are neither. */
export function decodePicture(bytes: Uint8Array): Picture | undefined {
  try {
    if (bytes[0] === 0x89 && bytes[1] === 0x50) {
      const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
      return { width, height, rgba: onWhite(data) };
    }
    if (bytes[0] === 0xff && bytes[1] === 0xd8) {
      const { width, height, data } = decodeJpeg(bytes, { useTArray: true, maxMemoryUsageInMB: 512 });
      return { width, height, rgba: data };
    }
  } catch {
    // Truncated or damaged: as undecodable as any other bytes.
  }
  return undefined;
}

/** Lays transparent pixels on white, as a conversion to RGB for the model does with most pictures. */
function onWhite(data: Uint8Array): Uint8Array {
  const out = Uint8Array.from(data);
  for (let i = 0; i < out.length; i += 4) {
    const alpha = (out[i + 3] ?? 255) / 255;
    if (alpha === 1) continue;
    for (let c = 0; c < 3; c++) out[i + c] = Math.round((out[i + c] ?? 0) * alpha + 255 * (1 - alpha));
    out[i + 3] = 255;
  }
  return out;
}
