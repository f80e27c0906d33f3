import { createHash } from "node:crypto";
import { readTextIfThere, writeWhole } from "../process/text-file.ts";
import { formatLock } from "../spec/lock/format.ts";
import type { Lock } from "../spec/lock/lock.ts";
import { parseLock } from "../spec/lock/parse.ts";

/** Hex digits of the sha256 of a text's UTF-8 bytes. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Reads a lock file; one that is not there knows nothing. Throws `CONFIG_FILE` and `CONFIG_LOCK`. */
export function readLockFile(file: string): Lock {
  return parseLock(readTextIfThere(file) ?? "", file);
}

/** Writes a lock file whole or not at all. Throws `ENV_READ_ONLY`. */
export function writeLockFile(file: string, lock: Lock): void {
  writeWhole(file, formatLock(lock));
}
