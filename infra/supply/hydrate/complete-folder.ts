import { join } from "node:path";
import { DeployError } from "../../core/errors.ts";
import type { HydrateArgs } from "./hydrate-args.ts";
import { damagedFiles, type Manifest, type ManifestFile, readManifest } from "./manifest.ts";
import { sumFile } from "./part-file.ts";

/**
 * The manifest of a folder that is complete and is what was asked for. Undefined where there is something to do: no marker, or
 * damaged files, which are told. Throws `E_SUPPLY` where other weights lie there: an engine may be serving them.
 */
export async function findComplete(args: HydrateArgs): Promise<Manifest | undefined> {
  const { dir, source, revision, hub, signal, tell } = args;
  const manifest = await readManifest(dir);
  if (manifest === undefined) return undefined;
  // A commit needs no hub: a restart must not depend on one.
  const commit = isCommit(revision) ? revision : await hub.resolveRevision(revision, signal);
  if (manifest.source !== source || manifest.commit !== commit) {
    throw otherWeights(dir, manifest, { source, commit });
  }
  const damaged = new Set(await damagedFiles(dir, manifest));
  if (args.isVerified) for (const path of await corruptFiles(manifest, damaged, args)) damaged.add(path);
  if (damaged.size === 0) return manifest;
  tell(`complete once, but not any more: ${[...damaged].join(", ")}; loading again`);
  return undefined;
}

/** `E_SUPPLY` for a folder that belongs to other weights. */
export function otherWeights(
  dir: string,
  there: { readonly source: string; readonly commit: string },
  wanted: { readonly source: string; readonly commit: string },
): DeployError {
  return new DeployError({
    code: "E_SUPPLY",
    where: dir,
    message: `Other weights lie there: ${there.source}@${there.commit}, wanted are ${wanted.source}@${wanted.commit}.`,
    hint: "Name another folder, or remove this one if no engine uses it. Weights are never replaced in place.",
  });
}

function isCommit(revision: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(revision);
}

async function corruptFiles(
  { files }: Manifest,
  known: ReadonlySet<string>,
  { dir, signal, tell }: HydrateArgs,
): Promise<readonly string[]> {
  const corrupt: string[] = [];
  const isCorrupt = async ({ path, bytes, sha256 }: ManifestFile) => {
    const sums = await sumFile(join(dir, path), { path, bytes }, { onBytes: () => {}, signal });
    return sums.sha256 !== sha256;
  };
  for (const file of files.filter(({ path }) => !known.has(path))) {
    tell(`verifying ${file.path}`);
    if (await isCorrupt(file)) corrupt.push(file.path);
  }
  return corrupt;
}
