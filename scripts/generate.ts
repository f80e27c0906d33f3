import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { findStale, type Generator, writeGenerated } from "./generator.ts";

const root = resolve(import.meta.dirname, "..");

/** Every generator of `scripts/generate/`, by path, so that the order of files does not change the output. */
async function loadGenerators(): Promise<Generator[]> {
  const folder = join(import.meta.dirname, "generate");
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts"));
  const lists = await Promise.all(files.map((file) => generatorsIn(join(folder, file))));
  return lists.flat().sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function generatorsIn(file: string): Promise<readonly Generator[]> {
  const loaded: { readonly generators?: readonly Generator[] } = await import(pathToFileURL(file).href);
  if (loaded.generators === undefined) throw new Error(`${file} exports no "generators"`);
  return loaded.generators;
}

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== "--check");
  if (unknown !== undefined) {
    console.error(`unknown argument "${unknown}"; usage: node scripts/generate.ts [--check]`);
    return 2;
  }
  const stale = await findStale(await loadGenerators(), root);
  if (args.includes("--check")) {
    for (const { path, name } of stale) console.error(`stale: ${path} (${name}). Run: npm run generate`);
    return stale.length === 0 ? 0 : 1;
  }
  await writeGenerated(stale, root);
  for (const { path } of stale) console.log(`wrote ${path}`);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
