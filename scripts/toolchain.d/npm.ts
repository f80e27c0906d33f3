import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DeployError } from "../../infra/core/errors.ts";
import { runChild } from "./processes.ts";
import { type Say, withTicks } from "./progress.ts";

/** Whether `npm ci` has to run: no installed packages, or ones older than the lock file. */
export function packagesAreStale(root: string): boolean {
  // npm writes this file last.
  const installed = join(root, "node_modules", ".package-lock.json");
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, "package-lock.json")).mtimeMs;
}

/** Runs `npm ci`. Rejects with `ENV_TOOL` where npm is not there or fails. */
export async function installPackages(root: string, path: string, say: Say, signal: AbortSignal): Promise<void> {
  say("node_modules: npm ci");
  const run = () =>
    runChild(["npm", "ci", "--no-progress"], { cwd: root, env: { ...process.env, PATH: path } }, signal);
  const result = await withTicks(say, "node_modules", () => "npm ci", run).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new DeployError({
      code: "ENV_TOOL",
      where: "node_modules",
      message: "npm does not start.",
      hint: "Install npm 10 or later, then run ./scripts/toolchain again.",
      cause: error,
    });
  });
  if (result.code === 0) return;
  throw new DeployError({
    code: "ENV_TOOL",
    where: "node_modules",
    message: `npm ci ended with ${result.code}: ${result.lines.slice(-5).join(" / ")}.`,
    hint: "Mend what npm names, then run ./scripts/toolchain again.",
  });
}
