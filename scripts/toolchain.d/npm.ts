import { existsSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { DeployError } from "../../infra/core/errors.ts";
import { runChild } from "../lib/child.ts";
import type { BringWorld } from "./bring.ts";
import { withLock } from "./lock.ts";
import { type Row, withTicks } from "./progress.ts";

/** What {@link providePackages} works with. */
export interface PackagesJob {
  /** The clone. */
  readonly root: string;
  /** PATH for npm. */
  readonly path: string;
  readonly world: Pick<BringWorld, "lock" | "say">;
}

/**
 * Installs the npm packages where there are none or they are older than the lock file, one run at a time; returns their
 * row of the closing table.
 */
export async function providePackages(job: PackagesJob, signal: AbortSignal): Promise<Row> {
  const { root, world } = job;
  const start = Date.now();
  let source = "up to date";
  const onWait = () => world.say("node_modules: waiting for another run that installs them");
  if (packagesAreStale(root)) {
    await withLock(join(root, ".toolchain", "npm.lock"), { ...world.lock, onWait }, signal, async () => {
      if (!packagesAreStale(root)) return;
      await installPackages(job, signal);
      source = "npm install";
    });
  }
  return { name: "node_modules", version: "-", source, duration: Date.now() - start };
}

function packagesAreStale(root: string): boolean {
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
async function installPackages({ root, path, world }: PackagesJob, signal: AbortSignal): Promise<void> {
  world.say("node_modules: npm install --no-save");
  const command = ["npm", "install", "--no-save", "--no-progress"] as const;
  const run = () => runChild(command, { cwd: root, env: { ...process.env, PATH: path } }, signal);
  const result = await withTicks(world.say, "node_modules", () => "installing", run).catch((error: unknown) => {
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
