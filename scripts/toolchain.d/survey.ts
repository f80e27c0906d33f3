import { accessSync, constants, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Milliseconds } from "../../infra/core/units.ts";
import { runChild } from "../lib/child.ts";
import type { Cache } from "./cache.ts";
import { goState } from "./go.ts";
import { answeringHosts } from "./hosts.ts";
import { isMissing, type OnPath, type Survey, urlsOf } from "./plan.ts";
import { type Arch, binariesOf, type Tool } from "./tools.ts";
import { versionIn } from "./version.ts";

/** How long the release hosts have to answer, all together. */
const hostPatience: Milliseconds = 3_000;

/** Looks at PATH and the cache for the wanted tools; asks the network and Go only where one is missing. */
export async function survey(
  wanted: readonly Tool[],
  where: { readonly arch: Arch; readonly cache: Cache; readonly path: readonly string[] },
  signal: AbortSignal,
): Promise<Survey> {
  const onPath = new Map<string, OnPath>();
  await Promise.all(
    wanted.map(async (tool) => {
      const found = await lookUp(tool, where.path, signal);
      if (found !== undefined) onPath.set(tool.name, found);
    }),
  );
  const cached = new Set(wanted.filter((tool) => where.cache.has(tool)).map((tool) => tool.name));
  const local: Survey = { arch: where.arch, onPath, cached, answeringHosts: undefined, go: undefined };
  const missing = wanted.filter((tool) => isMissing(tool, local));
  if (missing.length === 0) return local;
  const urls = missing.flatMap((tool) => urlsOf(tool.download?.(where.arch)));
  const [answering, go] = await Promise.all([
    answeringHosts(urls, hostPatience, (url, silence) =>
      fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.any([signal, silence]) }),
    ),
    goState(signal),
  ]);
  signal.throwIfAborted();
  return { ...local, answeringHosts: answering, go };
}

/** Runs a binary to learn its version; undefined where it prints none or does not run. */
export async function versionOf(binary: string, tool: Tool, signal: AbortSignal): Promise<string | undefined> {
  const options = { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } };
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
    const { lines } = await runChild([binary, ...tool.versionArgs], options, bounded);
    return versionIn(lines.join("\n"));
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

async function lookUp(tool: Tool, path: readonly string[], signal: AbortSignal): Promise<OnPath | undefined> {
  const binary = path.map((folder) => join(folder, tool.name)).find(isExecutable);
  if (binary === undefined) return undefined;
  const folders = [dirname(binary), dirname(realpathSync(binary))];
  const binaries: Record<string, string> = {};
  for (const name of binariesOf(tool)) {
    const there = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (there !== undefined) binaries[name] = there;
  }
  return { path: binary, version: await versionOf(binary, tool, signal), binaries };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
