import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { DeployError, faultLine } from "../core/errors.ts";
import { kustomizationFile, type ManifestFile, renderMarker } from "../spec/manifest-files.ts";
import { makeFolder } from "./make-folder.ts";

/**
 * Makes a folder hold the files, and removes those of the last run that are not among them. Throws `CONFIG_USAGE` before
 * anything is written where the folder holds something else, and `ENV_READ_ONLY` where it cannot be written.
 */
export function replaceFiles(dir: string, files: readonly ManifestFile[]): void {
  const before = namesOfLastRun(dir);
  const names = files.map((file) => file.name);
  makeFolder(dir);
  try {
    // The list goes first: a run that is cut short leaves a folder that the next one takes for its own.
    for (const file of files) writeFileSync(join(dir, file.name), file.text);
    for (const stale of before.filter((name) => !names.includes(name))) rmSync(join(dir, stale), { force: true });
  } catch (error) {
    throw new DeployError({
      code: "ENV_READ_ONLY",
      where: dir,
      message: `The files could not be written: ${faultLine(error)}.`,
      hint: "Choose a folder that you may write to.",
      cause: error,
    });
  }
}

function namesOfLastRun(dir: string): readonly string[] {
  const present = namesIn(dir);
  if (present.length === 0) return [];
  const list = present.includes(kustomizationFile) ? readFileSync(join(dir, kustomizationFile), "utf8") : "";
  if (!list.startsWith(renderMarker)) {
    throw new DeployError({
      code: "CONFIG_USAGE",
      where: dir,
      message: `The folder holds ${present.length} entries that keye render did not write, such as ${present[0]}.`,
      hint: "Give --to a new or empty folder.",
    });
  }
  const resources: unknown = parse(list)?.resources;
  return Array.isArray(resources)
    ? resources.filter((name) => typeof name === "string" && /^[a-z-]+\.yaml$/.test(name))
    : [];
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    // Not there yet, or no folder: writing will tell.
    return [];
  }
}
