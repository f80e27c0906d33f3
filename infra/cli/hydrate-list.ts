import { sizeText } from "../core/transfer.ts";
import type { HubCredentials } from "../supply/hub/credentials.ts";
import type { HubFile } from "../supply/hub/hub.ts";
import type { Source } from "../supply/hub/source.ts";

/** What `keye hydrate --list` has found out. */
export interface Listing {
  readonly name: string;
  readonly commit: string;
  readonly chosen: readonly HubFile[];
  readonly listed: readonly HubFile[];
  readonly hasToken: boolean;
}

/** The text of `keye hydrate --list`: one line a file, then what is left out and what it comes to. */
export function listingText({ name, commit, chosen, listed, hasToken }: Listing): string {
  const left = listed.filter((file) => !chosen.includes(file));
  const unsummed = chosen.filter(({ sum }) => sum === undefined).length;
  return [
    `${name} is ${commit}`,
    ...chosen.map(({ path, bytes, sum }) => `${sizeText(bytes).padStart(10)}  ${sumName(sum).padEnd(8)}  ${path}`),
    ...(left.length === 0
      ? []
      : [`left out: ${left.length} files, ${totalText(left)}: ${left.map(({ path }) => path).join(", ")}`]),
    ...(unsummed === 0 ? [] : [`${unsummed} files have no sum at the source: only their sizes can be checked`]),
    `${chosen.length} files, ${totalText(chosen)}; ${hasToken ? "the token suffices" : "no token is needed"}`,
  ].join("\n");
}

/** True where the environment has what proves who asks this source. */
export function hasCredentials({ kind }: Source, credentials: HubCredentials): boolean {
  return kind !== "http" && credentials[kind] !== undefined;
}

function sumName(sum: HubFile["sum"]): string {
  if (sum === undefined) return "no sum";
  return sum.kind === "sha256" ? "sha256" : "git";
}

function totalText(files: readonly HubFile[]): string {
  return sizeText(files.reduce((total, { bytes }) => total + bytes, 0));
}
