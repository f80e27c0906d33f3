import { existsSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { DeployError } from "../../infra/core/errors.ts";
import { runChild } from "../lib/child.ts";
import { type Say, withTicks } from "./progress.ts";

/** Whether packages have to be installed: there are none, or they are older than the lock file. */
export function packagesAreStale(root: string): boolean {
  const installed = markerOf(root);
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, "package-lock.json")).mtimeMs;
}

/**
 * Installs what the lock file says and leaves the lock file as it is. Rejects with `ENV_TOOL` where npm is not there or
 * fails.
 *
 * Not `npm ci`: that refuses a lock file which lacks optional packages of other platforms, as one does that was written
 * where the registry's mirror carries this platform only.
 */
export async function installPackages(root: string, path: string, say: Say, signal: AbortSignal): Promise<void> {
  say("node_modules: npm install --no-save");
  const command = ["npm", "install", "--no-save", "--no-progress"] as const;
  const run = () => runChild(command, { cwd: root, env: { ...process.env, PATH: path } }, signal);
  const result = await withTicks(say, "node_modules", () => "installing", run).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new DeployError({
      code: "ENV_TOOL",
      where: "node_modules",
      message: "npm does not start.",
      hint: "Install npm 10 or later, then run ./scripts/toolchain again.",
      cause: error,
    });
  });
  if (result.code !== 0) {
    const telling = result.lines.filter((line) => /npm error \S/.test(line)).slice(0, 5);
    throw new DeployError({
      code: "ENV_TOOL",
      where: "node_modules",
      message: `npm install ended with ${result.code}: ${telling.join(" / ")}.`,
      hint: "Mend what npm names, then run ./scripts/toolchain again.",
    });
  }
  // npm leaves its marker as it was where nothing changed.
  const now = new Date();
  utimesSync(markerOf(root), now, now);
}

/** The file that npm writes last. */
function markerOf(root: string): string {
  return join(root, "node_modules", ".package-lock.json");
}
