import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Generator } from "./generator.ts";

const root = resolve(import.meta.dirname, "..");
const usage = "usage: node scripts/generate.ts [--check]";

/** Every generator of `scripts/generate/`, by path, so that the order of files does not change the output. */
async function loadGenerators(): Promise<Generator[]> {
  const folder = join(import.meta.dirname, "generate");
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts")).sort();
  const lists = await Promise.all(
    files.map(async (file) => {
      const loaded: { readonly generators?: readonly Generator[] } = await import(
        pathToFileURL(join(folder, file)).href
      );
      if (loaded.generators === undefined) throw new Error(`scripts/generate/${file} exports no "generators"`);
      return loaded.generators;
    }),
  );
  return lists.flat().sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function currentText(path: string): Promise<string | undefined> {
  return readFile(join(root, path), "utf8").catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return undefined;
    throw thrown;
  });
}

/** Brings every generated file up to date, or only names the stale ones. Returns their paths. */
async function refresh(mayWrite: boolean): Promise<string[]> {
  const stale: string[] = [];
  for (const generator of await loadGenerators()) {
    const wanted = await generator.text();
    if ((await currentText(generator.path)) === wanted) continue;
    stale.push(generator.path);
    if (!mayWrite) continue;
    await mkdir(dirname(join(root, generator.path)), { recursive: true });
    await writeFile(join(root, generator.path), wanted);
  }
  return stale;
}

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== "--check");
  if (unknown !== undefined) {
    console.error(`unknown argument "${unknown}"; ${usage}`);
    return 2;
  }
  const isCheck = args.includes("--check");
  const stale = await refresh(!isCheck);
  for (const path of stale) console.log(isCheck ? `stale: ${path}` : `wrote: ${path}`);
  if (isCheck && stale.length > 0) console.error("Generated files are stale. Run: npm run generate");
  return isCheck && stale.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
