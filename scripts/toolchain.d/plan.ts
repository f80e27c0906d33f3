import { DeployError } from "../../infra/core/errors.ts";
import { hostsOf } from "./hosts.ts";
import { type Arch, binariesOf, type Download, oldestGo, type Tool } from "./tools.ts";
import { fits, isAtLeast } from "./version.ts";

/** A tool as it stands on PATH. */
export interface OnPath {
  readonly path: string;
  /** Undefined where it printed none. */
  readonly version: string | undefined;
  /** Binary name to path: the tool itself, and its companion where that stands beside it. */
  readonly binaries: Readonly<Record<string, string>>;
}

/** What `go env` says; `canSwitch` where Go may fetch a newer release of itself. */
export type GoState =
  | { readonly kind: "absent" }
  | { readonly kind: "present"; readonly version: string; readonly canSwitch: boolean };

/** What this machine has. */
export interface Survey {
  readonly arch: Arch;
  readonly onPath: ReadonlyMap<string, OnPath>;
  /** Names of the tools that the cache holds. */
  readonly cached: ReadonlySet<string>;
  /** Undefined where no tool needs it, so that nobody was asked. */
  readonly answeringHosts: ReadonlySet<string> | undefined;
  /** Undefined where no tool needs it. */
  readonly go: GoState | undefined;
}

/** One way to a tool. */
export type Source =
  | { readonly kind: "path"; readonly version: string; readonly binaries: Readonly<Record<string, string>> }
  | { readonly kind: "cache" }
  | { readonly kind: "download"; readonly download: Download }
  | { readonly kind: "go" };

/**
 * The ways to a tool on this machine, best first: PATH, then what was brought before, then the official download, then a
 * build from the Go module. Later ones are tried only where earlier ones fail. Empty where there is none.
 */
export function sourcesOf(tool: Tool, survey: Survey): readonly Source[] {
  const found = survey.onPath.get(tool.name);
  if (found !== undefined) {
    const { version, binaries } = found;
    const isWhole = binariesOf(tool).every((name) => name in binaries);
    if (version !== undefined && fits(version, tool.version, tool.accepts) && isWhole) {
      return [{ kind: "path", version, binaries }];
    }
  }
  if (survey.cached.has(tool.name)) return [{ kind: "cache" }];
  const sources: Source[] = [];
  const download = tool.download?.(survey.arch);
  if (download !== undefined && urlsOf(download).every((url) => survey.answeringHosts?.has(new URL(url).host))) {
    sources.push({ kind: "download", download });
  }
  if (canBuild(survey.go, goFor(tool))) sources.push({ kind: "go" });
  return sources;
}

/** Whether a tool must be downloaded or built. */
export function isMissing(tool: Tool, survey: Survey): boolean {
  return sourcesOf(tool, { ...survey, answeringHosts: undefined, go: undefined }).length === 0;
}

/** Everything that must be fetched to have a download: the file, and its checksum file where there is one. */
export function urlsOf(download: Download | undefined): readonly string[] {
  if (download === undefined) return [];
  return download.checksum.kind === "published" ? [download.url, download.checksum.url] : [download.url];
}

/** The one error for all tools that have no source here, or undefined where each has one. Code `ENV_TOOL`. */
export function noSourceError(wanted: readonly Tool[], survey: Survey): DeployError | undefined {
  const without = wanted.filter((tool) => sourcesOf(tool, survey).length === 0);
  if (without.length === 0) return undefined;
  const names = without.map((tool) => `${tool.name} ${tool.version}${unfit(survey.onPath.get(tool.name), tool)}`);
  const hosts = hostsOf(without.flatMap((tool) => urlsOf(tool.download?.(survey.arch)))).filter(
    (host) => !survey.answeringHosts?.has(host),
  );
  const silence = hosts.length === 0 ? "" : ` no answer from ${hosts.join(", ")},`;
  const oldest = without.map(goFor).reduce((a, b) => (isAtLeast(a, b) ? a : b));
  const way = hosts.length === 0 ? "" : ", or give this machine a way to these hosts";
  return new DeployError({
    code: "ENV_TOOL",
    where: "toolchain",
    message: `no source for ${names.join(", ")}: not on PATH in a version that fits,${silence} and ${goTrouble(survey.go)}.`,
    hint: `Install Go ${oldest} or later (https://go.dev/dl/)${way}, then run ./scripts/toolchain again.`,
  });
}

function canBuild(go: GoState | undefined, oldest: string): boolean {
  // Go 1.21 was the first that could fetch a newer release of itself.
  return go?.kind === "present" && isAtLeast(go.version, go.canSwitch ? "1.21.0" : oldest);
}

function goFor(tool: Tool): string {
  return tool.go.oldestGo ?? oldestGo;
}

function unfit(found: OnPath | undefined, tool: Tool): string {
  if (found === undefined) return "";
  const absent = binariesOf(tool).filter((name) => !(name in found.binaries));
  if (absent.length > 0) return ` (PATH has ${found.path} without ${absent.join(", ")} beside it)`;
  return ` (PATH has ${found.version ?? "one of unknown version"})`;
}

function goTrouble(go: GoState | undefined): string {
  return go?.kind === "present" ? `Go on PATH is ${go.version}` : "Go is not on PATH";
}
