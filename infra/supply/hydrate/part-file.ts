import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Bytes } from "../../core/units.ts";
import type { HubFile } from "../hub/hub.ts";
import { ContentDigest, type ContentSums, readSize } from "./content-digest.ts";
import { codeOf, onDisk, syncFolder } from "./disk.ts";

/** Where the bytes of `target` are while they come. */
export function partPathOf(target: string): string {
  return `${target}.part`;
}

/** The size of a file, 0 where there is none. */
export async function sizeOnDisk(path: string): Promise<Bytes> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}

/** A file that is loaded from its first byte to its last, and summed on the way. Used by one caller at a time. */
export class PartFile {
  readonly #handle: FileHandle;
  readonly #target: string;
  readonly #file: HubFile;
  #digest: ContentDigest;
  #size: Bytes = 0;

  private constructor(handle: FileHandle, target: string, file: HubFile) {
    this.#handle = handle;
    this.#target = target;
    this.#file = file;
    this.#digest = new ContentDigest(file);
  }

  /** Opens what an earlier run has left, or begins. Nothing counts as there before {@link takeUp}. */
  static async open(target: string, file: HubFile): Promise<PartFile> {
    const path = partPathOf(target);
    return await onDisk(path, async () => {
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(path, "r+").catch((error: unknown) => {
        if (codeOf(error) === "ENOENT") return open(path, "wx+");
        throw error;
      });
      return new PartFile(handle, target, file);
    });
  }

  /** How many bytes are there and summed. */
  get size(): Bytes {
    return this.#size;
  }

  /** Sums what is there, so that more can follow. A part that is longer than the file is no beginning of it, and is dropped. */
  async takeUp(onBytes: (count: Bytes) => void, signal: AbortSignal): Promise<void> {
    const { size } = await this.#handle.stat();
    if (size > this.#file.bytes) await this.reset();
    else this.#size = await sumHandle(this.#handle, this.#digest, { onBytes, signal });
  }

  /** Adds the next bytes. */
  async append(piece: Uint8Array): Promise<void> {
    const writing = this.#write(piece);
    // The disk writes while the processor sums.
    this.#digest.update(piece);
    await onDisk(partPathOf(this.#target), () => writing, this.#size);
    this.#size += piece.length;
  }

  /** Begins again. */
  async reset(): Promise<void> {
    if (this.#size > 0 || (await this.#handle.stat()).size > 0) {
      await onDisk(partPathOf(this.#target), () => this.#handle.truncate(0));
    }
    this.#size = 0;
    this.#digest = new ContentDigest(this.#file);
  }

  /** The sums of all bytes that are there. No more can be added. */
  sums(): ContentSums {
    return this.#digest.sums();
  }

  /** Puts the bytes on the disk and gives the file its name. */
  async publish(): Promise<void> {
    await onDisk(this.#target, async () => {
      await this.#handle.sync();
      await rename(partPathOf(this.#target), this.#target);
      await syncFolder(dirname(this.#target));
    });
  }

  /** Removes what was loaded: it is not what the source lists. */
  async discard(): Promise<void> {
    await rm(partPathOf(this.#target), { force: true });
  }

  /** Must be called in the end, whatever happened. */
  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #write(piece: Uint8Array): Promise<void> {
    let at = 0;
    while (at < piece.length) {
      at += (await this.#handle.write(piece, at, piece.length - at, this.#size + at)).bytesWritten;
    }
  }
}

/** What a summing tells and by what it is ended. */
export interface Summing {
  readonly onBytes: (count: Bytes) => void;
  readonly signal: AbortSignal;
}

/** Sums the bytes that a file has now, from the first to the last, and returns how many they were. */
async function sumHandle(handle: FileHandle, digest: ContentDigest, { onBytes, signal }: Summing): Promise<Bytes> {
  const { size } = await handle.stat();
  const buffer = Buffer.allocUnsafe(Math.min(readSize, size));
  let at = 0;
  while (at < size) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - at), at);
    if (bytesRead === 0) break;
    digest.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
    onBytes(bytesRead);
  }
  return at;
}

/** The sums of a file that lies there. */
export async function sumFile(path: string, file: HubFile, summing: Summing): Promise<ContentSums> {
  return await onDisk(path, async () => {
    const handle = await open(path, "r");
    try {
      const digest = new ContentDigest(file);
      await sumHandle(handle, digest, summing);
      return digest.sums();
    } finally {
      await handle.close();
    }
  });
}
