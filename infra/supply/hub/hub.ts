import type { Readable } from "node:stream";
import type { Bytes, Milliseconds } from "../../core/units.ts";

/** What a source says about the bytes of a file: `gitBlob` is git's own name of a file that is not in LFS. */
export interface FileSum {
  readonly kind: "sha256" | "gitBlob";
  /** Lower case. */
  readonly hex: string;
}

/** One file of a listing. */
export interface HubFile {
  /** Relative, with slashes; safe to join to a folder. */
  readonly path: string;
  readonly bytes: Bytes;
  /** Absent where the source tells none: then size and ETag are all there is to check. */
  readonly sum?: FileSum;
}

/** Which file, and from where on. */
export interface OpenRequest {
  readonly file: HubFile;
  /** Of {@link Hub.resolveRevision}. */
  readonly commit: string;
  /** First byte that is wanted; below `file.bytes`. */
  readonly start: Bytes;
  /** Last byte that is wanted; the file's last where absent. */
  readonly end?: Bytes;
  /** Strong ETag of the bytes that are there already: a file that has changed since comes from its first byte. */
  readonly ifRange?: string;
}

/** Bytes of a file. Whoever gets it must read `stream` to its end or destroy it. */
export interface OpenedFile {
  readonly kind: "opened";
  /** What was asked for, or 0 where the server knows no ranges or the file has changed. */
  readonly start: Bytes;
  /** Strong ETag, if the server sent one. */
  readonly etag: string | undefined;
  readonly stream: Readable;
}

/** No answer that counts: a refused or cut connection, 5xx, 429. Worth asking again. */
export interface AskLater {
  readonly kind: "later";
  readonly reason: string;
  /** What the server asked for. */
  readonly after?: Milliseconds;
}

/**
 * A source of weights. Final refusals (gone, gated, wrong token) are thrown as `E_SUPPLY` with what to do, or as
 * `CONFIG_USAGE` for a revision that cannot be; all of it happens before a file is opened.
 */
export interface Hub {
  /**
   * The commit that a branch, tag or commit stands for: 40 hex digits of git, or for sources without commits the sha256 of
   * their listing, 64 hex digits. Asks again for a while; then `ENV_UNREACHABLE`.
   */
  resolveRevision(revision: string, signal: AbortSignal): Promise<string>;
  /** All files of a commit by path, those that an engine does not need included. */
  listFiles(commit: string, signal: AbortSignal): Promise<readonly HubFile[]>;
  /** One attempt. */
  open(request: OpenRequest, signal: AbortSignal): Promise<OpenedFile | AskLater>;
}
