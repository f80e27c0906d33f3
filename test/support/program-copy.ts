import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** One file of the program, and what becomes of its text. */
export interface Edit {
  /** @default the program's entry point */
  readonly file?: string;
  readonly edit: (text: string) => string;
}

/** Copies the project's program into `folder`, which does not exist yet, with one file edited. */
export function copyProgram(folder: string, { file = "infra/index.ts", edit }: Edit): string {
  for (const part of ["Pulumi.yaml", "package.json", "infra", "charts"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const path = join(folder, file);
  const before = readFileSync(path, "utf8");
  const after = edit(before);
  if (after === before) throw new Error(`${file}: nothing was edited`);
  writeFileSync(path, after);
  return folder;
}
