import { join } from "node:path";
import type { ReadBeside } from "../config/contracts/read-contract.ts";
import { readTextIfThere } from "../process/text-file.ts";

/** Reads the files that settings name by their path in `folder`, that of the stack file. Throws `CONFIG_FILE`. */
export function textsIn(folder: string): ReadBeside {
  return (file) => readTextIfThere(join(folder, file));
}
