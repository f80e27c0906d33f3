import jpeg from "jpeg-js";
import { PNG } from "pngjs";
import type { Canvas } from "./canvas.ts";

/** Kinds of media that the prober makes. */
export type MediaType = "image/png" | "image/jpeg" | "video/x-msvideo";

/** The same canvas gives the same bytes. */
export function encodePng({ width, height, rgba }: Canvas): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgba);
  return PNG.sync.write(png);
}

/** Quality 92, no thinning of colours: what is drawn stays readable. The same canvas gives the same bytes. */
export function encodeJpeg({ width, height, rgba }: Canvas): Buffer {
  return jpeg.encode({ data: rgba, width, height }, 92).data;
}

/** A `data:` URL, so that the pod needs no network to open it. */
export function dataUrl(type: MediaType, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}
