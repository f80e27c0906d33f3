import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { DeployError } from "../../core/errors.ts";

/** The programs of the control plane. */
export const toolNames = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"] as const;

export type ToolName = (typeof toolNames)[number];

/** Path of each program, the first on `path` (in the form of the environment variable). Throws `ENV_TOOL` naming all that are missing. */
export function findTools(path: string): Readonly<Record<ToolName, string>> {
  const found = toolNames.map((name) => [name, findProgram(name, path)] as const);
  const missing = found.filter(([, file]) => file === undefined).map(([name]) => name);
  if (missing.length > 0) {
    throw new DeployError({
      code: "ENV_TOOL",
      where: "PATH",
      message: `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not on it.`,
      hint: "Run ./scripts/toolchain, which puts them into .toolchain/bin, and put that folder on PATH.",
    });
  }
  // Each of the names has a file: otherwise it threw.
  return Object.fromEntries(found) as Record<ToolName, string>;
}

/** The first executable file of this name on `path`. */
export function findProgram(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
