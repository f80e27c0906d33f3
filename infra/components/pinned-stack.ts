import { createHash } from "node:crypto";
import { join } from "node:path";
import type { StackConfig } from "../config/stack-config.ts";
import { readTextIfThere } from "../process/text-file.ts";
import { lockFile } from "../spec/lock/lock.ts";
import { parseLock } from "../spec/lock/parse.ts";
import { type PinnedStack, pinStack } from "../spec/pinned-stack.ts";

/** Hex digits of the sha256 of a text's UTF-8 bytes. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * The settings with what `keye.lock.yaml` in `folder` knows; no file is a lock that knows nothing. `stackFile` is named
 * in errors. Throws `CONFIG_LOCK`, `CONFIG_FILE`.
 */
export function readPinnedStack(config: StackConfig, folder: string, stackFile: string): PinnedStack {
  const lock = parseLock(readTextIfThere(join(folder, lockFile)) ?? "", lockFile);
  return pinStack(config, lock, { where: stackFile, sha256 });
}
