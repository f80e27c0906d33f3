import { rmSync } from "node:fs";
import { join } from "node:path";
import { DeployError, textOf } from "../../infra/core/errors.ts";
import type { Cache, Provenance } from "./cache.ts";
import { download } from "./download.ts";
import { buildFromModule } from "./go.ts";
import { type LockWorld, withLock } from "./lock.ts";
import type { Source } from "./plan.ts";
import { type Say, seconds, withTicks } from "./progress.ts";
import { versionOf } from "./survey.ts";
import { binariesOf, type GoBuild, type Tool } from "./tools.ts";

/** What bringing a tool needs. */
export interface BringWorld {
  readonly cache: Cache;
  readonly lock: Omit<LockWorld, "onWait">;
  readonly say: Say;
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
    const from =
      source.kind === "go"
        ? await build(tool, partial, world, signal)
        : await fetchInto(tool, source, partial, world, signal);
    const version = await versionOf(join(partial, "bin", tool.name), tool, signal);
    if (version !== tool.version) throw new Error(`the ${source.kind} gave version ${version ?? "unknown"}`);
    world.cache.publish(tool, partial, { source: source.kind, versions: versionsOf(tool, source.kind), from });
    world.say(`${tool.name} ${tool.version}: ready after ${seconds(Date.now() - start)}`);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

async function build(tool: Tool, folder: string, world: BringWorld, signal: AbortSignal): Promise<string> {
  const builds: readonly (readonly [name: string, build: GoBuild])[] = [
    [tool.name, tool.go],
    ...(tool.companion === undefined ? [] : [[tool.companion.name, tool.companion.go] as const]),
  ];
  for (const [name, build] of builds) {
    world.say(`${name}: building ${build.package} with Go`);
    let steps = 0;
    let latest = "nothing new yet";
    const onStep = (step: string) => {
      steps += 1;
      latest = step;
    };
    const modFile = world.cache.modFile(build, "go.mod");
    await withTicks(
      world.say,
      name,
      () => `building, ${steps} steps so far, latest: ${latest}`,
      () => buildFromModule({ build, modFile, name, folder, log: world.cache.log(tool), onStep }, signal),
    );
  }
  return builds.map(([, build]) => build.package).join(" ");
}

async function fetchInto(
  tool: Tool,
  source: Extract<Source, { kind: "download" }>,
  folder: string,
  world: BringWorld,
  signal: AbortSignal,
): Promise<string> {
  const { url } = source.download;
  world.say(`${tool.name} ${tool.version}: downloading ${url}`);
  let received = 0;
  const onBytes = (bytes: number) => {
    received = bytes;
  };
  const sha256 = await withTicks(
    world.say,
    tool.name,
    () => `downloading, ${(received / 1e6).toFixed(1)} MB so far`,
    () => download({ download: source.download, name: tool.name, folder, onBytes }, signal),
  );
  return `${url} sha256:${sha256}`;
}

function versionsOf(tool: Tool, kind: Provenance["source"]): Provenance["versions"] {
  const companion = tool.companion;
  return Object.fromEntries(
    binariesOf(tool).map((name) => [
      name,
      kind === "go" && name === companion?.name ? companion.goVersion : tool.version,
    ]),
  );
}
