import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DeployError, faultLine } from "../core/errors.ts";

/**
 * Makes a folder, and those above it that are missing. Throws `ENV_READ_ONLY`.
 *
 * Folder by folder: Node's recursive mkdir tries for ever where a file system answers "not found" to each new folder, as
 * /proc does.
 */
export function makeFolder(dir: string): void {
  const missing: string[] = [];
  for (let at = resolve(dir); !existsSync(at); at = dirname(at)) missing.unshift(at);
  try {
    for (const folder of missing) mkdirSync(folder);
  } catch (error) {
    // Somebody else was faster.
    if (existsSync(dir)) return;
    throw new DeployError({
      code: "ENV_READ_ONLY",
      where: dir,
      message: `The folder could not be made: ${faultLine(error)}.`,
      hint: "Choose a folder that you may write to.",
      cause: error,
    });
  }
}
