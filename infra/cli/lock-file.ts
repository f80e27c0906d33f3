import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { DeployError, faultLine } from "../core/errors.ts";
import { formatLock } from "../spec/lock/format.ts";
import { emptyLock, type Lock } from "../spec/lock/lock.ts";
import { parseLock } from "../spec/lock/parse.ts";

/** Hex digits of the sha256 of a text's UTF-8 bytes. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Reads a lock file; one that is not there knows nothing. Throws `CONFIG_FILE` and `CONFIG_LOCK`. */
export function readLockFile(file: string): Lock {
  return existsSync(file) ? parseLock(readFileSync(file, "utf8"), file) : emptyLock;
}

/** Writes a lock file whole or not at all. Throws `ENV_READ_ONLY`. */
export function writeLockFile(file: string, lock: Lock): void {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, formatLock(lock));
    renameSync(draft, file);
  } catch (error) {
    throw new DeployError({
      code: "ENV_READ_ONLY",
      where: file,
      message: `It could not be written: ${faultLine(error)}.`,
      cause: error,
    });
  }
}
