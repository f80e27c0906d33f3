import { randomUUID } from "node:crypto";
import { open, rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { DeployError, textOf } from "../../core/errors.ts";
import { sizeText } from "../../core/transfer.ts";
import type { Bytes } from "../../core/units.ts";

/** What a folder's volume has left for us. */
export async function freeBytes(dir: string): Promise<Bytes> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

/** The `code` of an error of the system, such as `ENOSPC`; undefined for every other error, our own included. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

function diskError(error: unknown, file: string, doneBytes: Bytes): DeployError {
  const code = codeOf(error);
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new DeployError({
    code: "ENV_READ_ONLY",
    where: file,
    message: isFull
      ? `The volume is full (${code}) after ${sizeText(doneBytes)} of this file.`
      : `It cannot be written: ${textOf(error)}.`,
    hint: isFull
      ? "Make room or enlarge the volume and run it again: what is there is kept, and resumed."
      : "Make the folder writable for this user, or name another.",
    cause: error,
  });
}

/** Runs an operation on `file`. What the file system refuses becomes `ENV_READ_ONLY`; a full volume is named so. */
export async function onDisk<T>(file: string, operation: () => Promise<T>, doneBytes: Bytes = 0): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw codeOf(error) === undefined ? error : diskError(error, file, doneBytes);
  }
}

/** Writes a small file so that there is the old one or the new one, whole and on the disk, whatever happens. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await onDisk(file, async () => {
    const draft = `${file}.${randomUUID()}`;
    try {
      const handle = await open(draft, "wx");
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, file);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    await syncFolder(dirname(file));
  });
}

/** Puts a folder's entries on the disk. File systems that cannot are left alone: their renames are as durable as they get. */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } catch (error) {
    if (!["EINVAL", "ENOTSUP", "EISDIR", "EBADF", "EPERM"].includes(codeOf(error) ?? "")) throw error;
  } finally {
    await handle.close();
  }
}
