import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** One generated file. Each file of `scripts/generate/` exports a list of them as `generators`. */
export interface Generator {
  /** What the file is, in a few words, such as `stack schema`. */
  readonly name: string;
  /** Where it goes, relative to the repository's root. */
  readonly path: string;
  /** The whole text of the file. The same tree gives the same text. */
  readonly text: () => string | Promise<string>;
}

/** The generated files under `root` that are absent or not what their generators now give. */
export async function findStale(generators: readonly Generator[], root: string): Promise<readonly Generator[]> {
  const stale: Generator[] = [];
  for (const generator of generators) {
    if ((await textAt(join(root, generator.path))) !== (await generator.text())) stale.push(generator);
  }
  return stale;
}

/** Writes the files, with the folders that they need. */
export async function writeGenerated(generators: readonly Generator[], root: string): Promise<void> {
  for (const generator of generators) {
    const file = join(root, generator.path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await generator.text());
  }
}

async function textAt(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return undefined;
    throw thrown;
  });
}
