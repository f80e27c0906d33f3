import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { DeployError, faultLine } from "../core/errors.ts";

/** The text of a file; undefined where there is none. Throws `CONFIG_FILE` for one that cannot be read. */
export function readTextIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new DeployError({
      code: "CONFIG_FILE",
      where: file,
      message: `It could not be read: ${faultLine(error)}.`,
      cause: error,
    });
  }
}

/** Writes a file whole or not at all: nobody ever reads half of it. Throws `ENV_READ_ONLY`. */
export function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new DeployError({
      code: "ENV_READ_ONLY",
      where: file,
      message: `It could not be written: ${faultLine(error)}.`,
      cause: error,
    });
  }
}
