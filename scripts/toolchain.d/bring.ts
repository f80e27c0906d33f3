import { rmSync } from "node:fs";
import { join } from "node:path";
import { DeployError, textOf } from "../../infra/core/errors.ts";
import type { Cache, Provenance } from "./cache.ts";
import { type LockWorld, withLock } from "./lock.ts";
import type { Source } from "./plan.ts";
import { type Say, seconds } from "./progress.ts";
import { binariesOf, type Tool } from "./tools.ts";

/** What bringing a tool needs. */
export interface BringWorld {
  readonly cache: Cache;
  readonly lock: Omit<LockWorld, "onWait">;
  readonly say: Say;
  /** Fills `<folder>/bin` with the tool's binaries; returns what they were made from. */
  make(tool: Tool, source: MakingSource, folder: string, signal: AbortSignal): Promise<string>;
  /** What a binary says its version is; undefined where it says none. */
  versionOf(binary: string, tool: Tool, signal: AbortSignal): Promise<string | undefined>;
}

/** A way that makes a cache entry. */
export type MakingSource = Extract<Source, { kind: "download" | "go" }>;

/**
 * Makes the cache entry of a tool by the first of `sources` that works, under the tool's lock. Where another run makes
 * it at the same time, waits and takes that one. Rejects with `ENV_TOOL` and every source's reason when none works.
 */
export async function bring(
  tool: Tool,
  sources: readonly MakingSource[],
  world: BringWorld,
  signal: AbortSignal,
): Promise<void> {
  const title = `${tool.name} ${tool.version}`;
  const path = world.cache.lock(tool);
  const onWait: LockWorld["onWait"] = (owner) =>
    world.say(`${title}: waiting for process ${owner.pid} on ${owner.host}, which brings it (lock ${path})`);
  await withLock(path, { ...world.lock, onWait }, signal, async () => {
    if (world.cache.has(tool)) return;
    const reasons: string[] = [];
    for (const source of sources) {
      try {
        await make(tool, source, world, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        reasons.push(textOf(error));
        world.say(`${title}: ${textOf(error)}`);
      }
    }
    throw new DeployError({ code: "ENV_TOOL", where: title, message: `no source worked: ${reasons.join("; ")}.` });
  });
}

async function make(tool: Tool, source: MakingSource, world: BringWorld, signal: AbortSignal): Promise<void> {
  const partial = world.cache.partial(tool);
  const start = Date.now();
  try {
    const from = await world.make(tool, source, partial, signal);
    const version = await world.versionOf(join(partial, "bin", tool.name), tool, signal);
    if (version !== tool.version) throw new Error(`the ${source.kind} gave version ${version ?? "unknown"}`);
    world.cache.publish(tool, partial, { source: source.kind, versions: versionsOf(tool, source.kind), from });
    world.say(`${tool.name} ${tool.version}: ready after ${seconds(Date.now() - start)}`);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function versionsOf(tool: Tool, kind: Provenance["source"]): Provenance["versions"] {
  const { companion } = tool;
  return Object.fromEntries(
    binariesOf(tool).map((name) => [
      name,
      kind === "go" && name === companion?.name ? companion.goVersion : tool.version,
    ]),
  );
}
