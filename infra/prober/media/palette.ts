/** Red, green, blue, each 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Colours that everybody gives the same name; other names that people give them are accepted too. */
export const palette = {
  red: { rgb: [220, 30, 30], names: ["red", "crimson", "scarlet"] },
  green: { rgb: [30, 160, 50], names: ["green"] },
  blue: { rgb: [30, 60, 220], names: ["blue"] },
  yellow: { rgb: [245, 220, 40], names: ["yellow", "gold"] },
  orange: { rgb: [245, 140, 20], names: ["orange", "amber"] },
  purple: { rgb: [130, 40, 160], names: ["purple", "violet"] },
} as const satisfies Readonly<Record<string, { readonly rgb: Colour; readonly names: readonly string[] }>>;

/** A colour that can be asked for. */
export type ColourName = keyof typeof palette;

// The keys of a constant record are its type's keys.
export const colourNames = Object.keys(palette) as readonly ColourName[];

/** The colours that an answer names, in its order, immediate repetitions once. */
export function coloursIn(answer: string): readonly ColourName[] {
  const found = [...answer.toLowerCase().matchAll(/\p{L}+/gu)].flatMap(([word]) =>
    colourNames.filter((name) => (palette[name].names as readonly string[]).includes(word)),
  );
  return found.filter((name, index) => name !== found[index - 1]);
}

/** So many different ones of `items`, in a random order. */
export function pick<T>(items: readonly T[], count: number, random: () => number): readonly T[] {
  const left = [...items];
  return Array.from({ length: Math.min(count, items.length) }, () =>
    left.splice(Math.floor(random() * left.length), 1),
  ).flat();
}
