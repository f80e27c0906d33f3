import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "../../core/units.ts";
import { fieldsOf } from "../hub/json.ts";
import { parseListing } from "../hub/listing.ts";
import { codeOf, onDisk, writeWhole } from "./disk.ts";

/** One file that was loaded. */
export interface ManifestFile {
  readonly path: string;
  readonly bytes: Bytes;
  readonly sha256: string;
}

/** What a finished folder holds. It carries no times: the same weights have the same manifest on every node. */
export interface Manifest {
  readonly source: string;
  readonly commit: string;
  /** By path. */
  readonly files: readonly ManifestFile[];
}

/** Name of the manifest in the folder. */
export const manifestName = "manifest.json";

/** Name of the completion marker: written last, it holds the manifest's sha256 in hex and a line's end. */
export const markerName = ".keye-complete";

/** Writes manifest and marker, in this order. */
export async function writeManifest(dir: string, { source, commit, files }: Manifest): Promise<void> {
  const document = { apiVersion: "keye-stack.dev/v1", kind: "WeightsManifest", source, commit, files };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  await writeWhole(join(dir, manifestName), text);
  await writeWhole(join(dir, markerName), `${sumOf(text)}\n`);
}

/** The manifest of a folder whose marker fits it; undefined where the folder is not complete. */
export async function readManifest(dir: string): Promise<Manifest | undefined> {
  const marker = await textAt(join(dir, markerName));
  const text = await textAt(join(dir, manifestName));
  if (marker === undefined || text === undefined || marker.trim() !== sumOf(text)) return undefined;
  const { source, commit } = fieldsOf(JSON.parse(text));
  if (typeof source !== "string" || typeof commit !== "string") return undefined;
  const files = parseListing("manifest.json", text, dir).map(({ path, bytes = 0, sha256 }) => ({
    path,
    bytes,
    sha256,
  }));
  return { source, commit, files };
}

/** Files of a manifest that are not there or have another size. */
export async function damagedFiles(dir: string, { files }: Manifest): Promise<readonly string[]> {
  const damaged: string[] = [];
  for (const { path, bytes } of files) {
    const size = await stat(join(dir, path)).then(
      (found) => (found.isFile() ? found.size : -1),
      () => -1,
    );
    if (size !== bytes) damaged.push(path);
  }
  return damaged;
}

function sumOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function textAt(path: string): Promise<string | undefined> {
  return await onDisk(path, () =>
    readFile(path, "utf8").catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }),
  );
}
