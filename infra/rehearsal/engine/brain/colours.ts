import type { Picture } from "../media/picture.ts";

/** Part of a picture in fractions of its width and height. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The whole picture. */
export const everywhere: Region = { left: 0, top: 0, right: 1, bottom: 1 };

const palette: Readonly<Record<string, readonly [red: number, green: number, blue: number]>> = {
  red: [220, 30, 30],
  green: [30, 160, 50],
  blue: [30, 60, 220],
  yellow: [245, 220, 40],
  orange: [245, 140, 20],
  purple: [130, 40, 160],
  pink: [250, 150, 190],
  brown: [120, 70, 30],
  cyan: [30, 210, 220],
  magenta: [240, 20, 240],
  lime: [20, 250, 20],
  navy: [10, 10, 120],
  black: [10, 10, 10],
  grey: [128, 128, 128],
  white: [250, 250, 250],
};

const swatches = Object.entries(palette);

/** Shades that people call by the name of the plainer colour. */
const plain: Readonly<Record<string, string>> = { lime: "green", navy: "blue", magenta: "pink" };

/** Names of the colours of a region with their share of it, the largest first; shares under a hundredth are left out. */
export function coloursOf(picture: Picture, region: Region = everywhere): readonly { name: string; share: number }[] {
  const counts = new Map<string, number>();
  const right = Math.max(1, Math.ceil(region.right * picture.width));
  const bottom = Math.max(1, Math.ceil(region.bottom * picture.height));
  // A few thousand samples tell the shares well enough, however large the picture.
  const pixels = (right - region.left * picture.width) * (bottom - region.top * picture.height);
  const stride = Math.max(1, Math.floor(Math.sqrt(pixels / 10_000)));
  let total = 0;
  for (let y = Math.floor(region.top * picture.height); y < bottom; y += stride) {
    for (let x = Math.floor(region.left * picture.width); x < right; x += stride) {
      const i = 4 * (y * picture.width + x);
      const name = nameOf(picture.rgba[i] ?? 0, picture.rgba[i + 1] ?? 0, picture.rgba[i + 2] ?? 0);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      total++;
    }
  }
  return [...counts]
    .map(([name, count]) => ({ name, share: count / total }))
    .filter(({ share }) => share >= 0.01)
    .sort((a, b) => b.share - a.share);
}

/** The name that a person would give to one colour. */
function nameOf(red: number, green: number, blue: number): string {
  let best = "grey";
  let least = Number.POSITIVE_INFINITY;
  for (const [name, [r, g, b]] of swatches) {
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return plain[best] ?? best;
}

/** Every colour name that {@link nameOf} can give. */
export const colourNames: readonly string[] = [...new Set(Object.keys(palette).map((name) => plain[name] ?? name))];
