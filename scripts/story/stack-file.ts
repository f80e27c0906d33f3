import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";

const stackKey = ["config", "keye-stack:stack"] as const;

/** A change of one setting: its path below `keye-stack:stack`, and its new value; undefined takes it out. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: string | number | boolean | undefined;
}

/** Copies `Pulumi.rehearsal.yaml` into `folder` with some settings changed, and returns the copy's path. */
export function writeStackFile(root: string, folder: string, changes: readonly Setting[]): string {
  const document = parseDocument(readFileSync(join(root, "Pulumi.rehearsal.yaml"), "utf8"));
  for (const { path, value } of changes) {
    if (value === undefined) document.deleteIn([...stackKey, ...path]);
    else document.setIn([...stackKey, ...path], value);
  }
  const file = join(folder, "Pulumi.rehearsal.yaml");
  writeFileSync(file, document.toString());
  return file;
}
