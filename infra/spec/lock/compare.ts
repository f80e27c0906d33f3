import { entryOf, type Lock, pinOf } from "./lock.ts";

/**
 * What changes from one lock to another, a line each, for people: `sglang.git#keye-vl-v2-30b-release: 1a2b3c4 -> 5d6e7f8`.
 * Empty where what runs stays the same: sizes and moments alone are no change.
 */
export function compareLocks(old: Lock, next: Lock): readonly string[] {
  const sections = ["images", "sources", "weights", "builds"] as const;
  return sections.flatMap((name) => compareEntries(old[name], next[name]));
}

type Entries = Readonly<Record<string, Parameters<typeof pinOf>[0]>>;

function compareEntries(old: Entries, next: Entries): readonly string[] {
  const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])].sort();
  return keys.flatMap((key) => {
    const [before, after] = [entryOf(old, key), entryOf(next, key)].map((entry) => entry && pinOf(entry));
    return before === after ? [] : [`${key}: ${shortened(before)} -> ${shortened(after)}`];
  });
}

/** As short as people write them: seven digits of a commit, twelve of a digest. */
function shortened(value: string | undefined): string {
  if (value === undefined) return "none";
  return value.startsWith("sha256:") ? value.slice(0, "sha256:".length + 12) : value.slice(0, 7);
}
