import type { BuildProvenance } from "../lock/lock.ts";
import type { BuildPlan } from "./build-plan.ts";

/** What a build has given. */
export interface BuildResult {
  readonly digest: string;
  readonly provenance: BuildProvenance;
  /** Modules that cannot be imported without a GPU, so that the build has not tried them. */
  readonly needsGpu: readonly string[];
}

/** Reads the last words of a build's pod. Undefined for anything but a result of this very plan. */
export function parseBuildResult(lastWords: string, plan: BuildPlan): BuildResult | undefined {
  const said = parsed(lastWords);
  const provenance = fieldOf(said, "provenance");
  const digest = fieldOf(said, "digest");
  const sources = fieldOf(provenance, "sources");
  const versions = fieldOf(provenance, "versions");
  const needsGpu = fieldOf(provenance, "needsGpu");
  if (typeof digest !== "string" || !/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined;
  if (!isTexts(sources) || !isTexts(versions) || !Array.isArray(needsGpu)) return undefined;
  const isOurs = Object.entries(plan.sources.sources).every(([name, { commit }]) => sources[name] === commit);
  if (!isOurs) return undefined;
  return { digest, provenance: { base: plan.sources.base, sources, versions }, needsGpu: needsGpu.map(String) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === field)?.[1]
    : undefined;
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && Object.values(value).every((one) => typeof one === "string");
}
