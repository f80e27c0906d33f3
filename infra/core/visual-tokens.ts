/** Pixels of one visual token: a square of 28. */
const tokenPixels = 28 * 28;
const factor = 28;

/** Least tokens of a frame; a smaller `min_pixels` of a request is raised to it. */
const frameFloor = 64 * tokenPixels;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The fork's `preprocess_kwargs` of a request. */
export type Preprocess = Readonly<Record<string, unknown>> | undefined;

/** Aspect ratios above this are refused with a 400. */
export const maxAspectRatio = 200;

/**
 * The size that a picture is scaled to: multiples of 28 as near to its own as fit between the two bounds.
 *
 * @see sglang keye-vl-v2-30b-release, `srt/multimodal/processors/keye_adaptive_video.py`, `smart_resize`
 */
export function smartResize(size: Size, minPixels: number, maxPixels: number): Size {
  const shrunk = (side: number, by: number) => Math.max(factor, Math.floor(side / by / factor) * factor);
  const grown = (side: number, by: number) => Math.ceil((side * by) / factor) * factor;
  const width = Math.max(factor, Math.round(size.width / factor) * factor);
  const height = Math.max(factor, Math.round(size.height / factor) * factor);
  const pixels = size.width * size.height;
  if (width * height > maxPixels) {
    const by = Math.sqrt(pixels / maxPixels);
    return { width: shrunk(size.width, by), height: shrunk(size.height, by) };
  }
  if (width * height < minPixels) {
    const by = Math.sqrt(minPixels / pixels);
    return { width: grown(size.width, by), height: grown(size.height, by) };
  }
  return { width, height };
}

/** Visual tokens of one picture. The bounds are those of the request's first picture, for all of them. */
export function imageTokens(size: Size, first: Preprocess): number {
  const min = numberOf(first, "min_pixels") ?? 4 * tokenPixels;
  const max = numberOf(first, "max_pixels") ?? 20_480 * tokenPixels;
  return tokensOf(smartResize(size, min, max));
}

/** Which frames of a film the model sees, and how many tokens each takes. */
export interface VideoPlan {
  /** Frame numbers in order, spread evenly from the first to the last. */
  readonly frames: readonly number[];
  readonly tokensPerFrame: number;
}

/**
 * Picks frames and their size for a film. The cap on frames counts with the fixed floor of 64 tokens, not with the
 * request's `min_pixels`, so that a long film with a high `min_pixels` exceeds `video_total_pixels`, as in the fork.
 */
export function planVideo(
  film: Size & { readonly framesPerSecond: number; readonly frameCount: number },
  kwargs: Preprocess,
): VideoPlan {
  const total = numberOf(kwargs, "video_total_pixels") ?? 184_320 * tokenPixels;
  const min = Math.max(numberOf(kwargs, "min_pixels") ?? frameFloor, frameFloor);
  const max = numberOf(kwargs, "max_pixels") ?? 256 * tokenPixels;
  const fps = Math.min(numberOf(kwargs, "fps") ?? 2, film.framesPerSecond);
  const cap = Math.min(numberOf(kwargs, "max_frames") ?? Number.POSITIVE_INFINITY, Math.floor(total / frameFloor));
  const wanted = Math.max(
    Math.floor((film.frameCount / film.framesPerSecond) * fps),
    numberOf(kwargs, "min_frames") ?? 2,
  );
  const count = Math.max(1, Math.min(wanted, cap, film.frameCount));
  const perFrame = Math.max(Math.min(max, total / count), min);
  const spread = (index: number) => (count === 1 ? 0 : Math.round((index * (film.frameCount - 1)) / (count - 1)));
  return {
    frames: Array.from({ length: count }, (_, index) => spread(index)),
    tokensPerFrame: tokensOf(smartResize(film, min, perFrame)),
  };
}

function tokensOf(size: Size): number {
  return (size.width * size.height) / tokenPixels;
}

function numberOf(kwargs: Preprocess, name: string): number | undefined {
  const value = kwargs?.[name];
  return typeof value === "number" ? value : undefined;
}
