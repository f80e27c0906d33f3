import { entryOf, type Lock, type LockedCommit, type LockedImage, pinOf, withEntries } from "./lock.ts";

/** An entry as it was looked up. */
export type Found =
  | { readonly section: "images"; readonly key: string; readonly entry: LockedImage }
  | { readonly section: "sources" | "weights"; readonly key: string; readonly entry: LockedCommit };

/** The lock with what was found. What is as it was keeps its moment, so that a second look changes no byte. */
export function mergeFound(lock: Lock, found: readonly Found[]): Lock {
  const news = found.filter(({ section, key, entry }) => !isSame(entryOf<Entry>(lock[section], key), entry));
  return news.reduce((merged, { section, key, entry }) => withEntries(merged, { [section]: { [key]: entry } }), lock);
}

type Entry = LockedImage | LockedCommit;

function isSame(known: Entry | undefined, entry: Entry): boolean {
  return known !== undefined && known.bytes === entry.bytes && pinOf(known) === pinOf(entry);
}
