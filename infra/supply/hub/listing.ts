import { createHash } from "node:crypto";
import type { Bytes } from "../../core/units.ts";
import { fieldsOf, parseJson, sizeOf } from "./json.ts";
import { refusedBySource, strangeAnswer } from "./refusal.ts";
import { safePath } from "./safe-path.ts";

/** Names of the files that list a folder with their sums, the better one first. */
export const listingNames = ["manifest.json", "SHA256SUMS"] as const;

/** One of {@link listingNames}. */
export type ListingName = (typeof listingNames)[number];

/** One line of a listing. */
export interface ListedFile {
  readonly path: string;
  /** Lower case. */
  readonly sha256: string;
  /** A manifest tells it, `SHA256SUMS` does not. */
  readonly bytes?: Bytes;
}

/**
 * Reads a listing: the `manifest.json` that a hydration leaves (so that any folder it has filled is a source for others), or
 * what `sha256sum` prints. Throws `E_SUPPLY` for anything else.
 */
export function parseListing(name: ListingName, text: string, where: string): readonly ListedFile[] {
  const files = name === "manifest.json" ? manifestFiles(text, where) : sumLines(text, where);
  if (files.length > 0) return files;
  throw strangeAnswer(`${where}/${name}`, "it lists no files");
}

/** The revision of a source that has no commits: the sha256 of what lists it. */
export function revisionOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * The revision of such a source, checked: a pin of 64 hex digits must be it, any other text is a name that says nothing of
 * the content.
 */
export function checkedRevision(wanted: string, actual: string, where: string): string {
  if (!/^[0-9a-f]{64}$/.test(wanted) || wanted === actual) return actual;
  throw refusedBySource({
    where,
    got: `revision ${actual}`,
    meaning: `Its files are not those of revision ${wanted}`,
    hint: "Somebody changed the folder. Restore it, or accept the change with `keye lock`.",
  });
}

/** A source's listing, read at the first question: what one hub is asked is all of one state. */
export function readOnce<T extends { readonly revision: string }>(
  where: string,
  read: (signal: AbortSignal) => Promise<T>,
): (wanted: string, signal: AbortSignal) => Promise<T> {
  let listing: T | undefined;
  return async (wanted, signal) => {
    listing ??= await read(signal);
    checkedRevision(wanted, listing.revision, where);
    return listing;
  };
}

function manifestFiles(text: string, where: string): ListedFile[] {
  const at = `${where}/manifest.json`;
  const { files } = fieldsOf(parseJson(text, at));
  if (!Array.isArray(files)) throw strangeAnswer(at, "no `files`");
  return files.map((entry) => {
    const { path, bytes: size, sha256 } = fieldsOf(entry);
    const bytes = sizeOf(size);
    if (typeof path !== "string" || bytes === undefined || !isSum(sha256)) {
      throw strangeAnswer(at, "a file without path, bytes or sha256");
    }
    return { path: safePath(path, where), bytes, sha256: sha256.toLowerCase() };
  });
}

function sumLines(text: string, where: string): ListedFile[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => {
    // Two spaces for text, space and asterisk for binary: the sums are the same.
    const [, sha256, path] = /^([0-9a-fA-F]{64}) [ *](?:\.\/)?(.+?)\r?$/.exec(line) ?? [];
    if (sha256 === undefined || path === undefined) {
      throw strangeAnswer(`${where}/SHA256SUMS`, `the line "${line.slice(0, 80)}"`);
    }
    return { path: safePath(path, where), sha256: sha256.toLowerCase() };
  });
}

function isSum(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-fA-F]{64}$/.test(value);
}
