import type { MakingSource } from "./bring.ts";
import type { Cache } from "./cache.ts";
import { download } from "./download.ts";
import { buildFromModule } from "./go.ts";
import { type Say, withTicks } from "./progress.ts";
import type { GoBuild, Tool } from "./tools.ts";

/** Fills `<folder>/bin` by download or by a Go build, telling of its progress; returns what the binaries were made from. */
export async function makeBinaries(
  job: { readonly tool: Tool; readonly source: MakingSource; readonly folder: string },
  world: { readonly cache: Cache; readonly say: Say },
  signal: AbortSignal,
): Promise<string> {
  const { tool, source, folder } = job;
  if (source.kind === "download") {
    const { url } = source.download;
    world.say(`${tool.name}: downloading ${url}`);
    let received = 0;
    const onBytes = (bytes: number) => {
      received = bytes;
    };
    const doing = () => `downloading, ${(received / 1e6).toFixed(1)} MB`;
    const fetching = () => download({ download: source.download, name: tool.name, folder, onBytes }, signal);
    return `${url} sha256:${await withTicks(world.say, tool.name, doing, fetching)}`;
  }
  const builds: readonly (readonly [name: string, build: GoBuild])[] = [
    [tool.name, tool.go],
    ...(tool.companion === undefined ? [] : [[tool.companion.name, tool.companion.go] as const]),
  ];
  for (const [name, build] of builds) {
    world.say(`${name}: building ${build.package} with Go`);
    let steps = 0;
    let latest = "";
    const onStep = (step: string) => {
      steps += 1;
      latest = step;
    };
    const doing = () => (steps === 0 ? "building" : `building, ${steps} packages, now ${latest}`);
    const modFile = world.cache.modFile(build, "go.mod");
    const building = () =>
      buildFromModule({ build, modFile, name, folder, log: world.cache.log(tool), onStep }, signal);
    await withTicks(world.say, name, doing, building);
  }
  return builds.map(([, build]) => build.package).join(" ");
}
