import { type BringWorld, bring } from "./bring.ts";
import { link } from "./links.ts";
import { type Survey, sourcesOf } from "./plan.ts";
import type { Row } from "./progress.ts";
import { binariesOf, type Tool } from "./tools.ts";

/** What {@link provide} works with. */
export interface Provision {
  readonly survey: Survey;
  readonly world: BringWorld;
  /** Folder that gets a link for each binary. */
  readonly bin: string;
}

/** Makes the binaries of a tool available in `bin`, from its best source; returns their rows of the closing table. */
export async function provide(tool: Tool, provision: Provision, signal: AbortSignal): Promise<readonly Row[]> {
  const { survey, world, bin } = provision;
  const start = Date.now();
  const sources = sourcesOf(tool, survey);
  const [best] = sources;
  const names = binariesOf(tool);
  const rows = (tell: (name: string) => Pick<Row, "version" | "source">): readonly Row[] => {
    const duration = Date.now() - start;
    return names.map((name, index) => ({ name, ...tell(name), duration: index === 0 ? duration : undefined }));
  };
  if (best?.kind === "path") {
    for (const [name, target] of Object.entries(best.binaries)) link(bin, name, target);
    return rows(() => ({ version: best.version, source: "PATH" }));
  }
  const making = sources.filter((source) => source.kind === "download" || source.kind === "go");
  if (best?.kind !== "cache") await bring(tool, making, world, signal);
  for (const name of names) link(bin, name, world.cache.binary(tool, name));
  const { source, versions } = world.cache.provenance(tool);
  const origin = source === "go" ? "Go module" : "download";
  return rows((name) => ({
    version: versions[name] ?? tool.version,
    source: best?.kind === "cache" ? `cache (${origin})` : origin,
  }));
}

/** The row that says where a tool would come from. */
export function plannedRow(tool: Tool, survey: Survey): Row {
  const [best] = sourcesOf(tool, survey);
  const words = { path: "PATH", cache: "cache", download: "download", go: "Go module" } as const;
  return {
    name: tool.name,
    version: best?.kind === "path" ? best.version : tool.version,
    source: best === undefined ? "none on this machine" : words[best.kind],
    duration: undefined,
  };
}
