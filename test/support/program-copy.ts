import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** Copies the project's program into `folder`, which does not exist yet, with another text of its entry point. */
export function copyProgram(folder: string, edit: (entry: string) => string): string {
  for (const part of ["Pulumi.yaml", "package.json", "infra", "charts"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const entry = join(folder, "infra/index.ts");
  const before = readFileSync(entry, "utf8");
  const after = edit(before);
  if (after === before) throw new Error(`${entry}: nothing was edited`);
  writeFileSync(entry, after);
  return folder;
}
