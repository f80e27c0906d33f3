import { sizeText } from "../core/transfer.ts";
import type { Bytes } from "../core/units.ts";
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
  const unsummed = chosen.filter(({ sum }) => sum === undefined);
  return [
    `${name} is ${commit}`,
    ...chosen.map(({ path, bytes, sum }) => `${sizeText(bytes).padStart(10)}  ${sumName(sum).padEnd(8)}  ${path}`),
    ...(left.length === 0 ? [] : [`left out: ${filesText(left)}: ${left.map(({ path }) => path).join(", ")}`]),
    ...(unsummed.length === 0
      ? []
      : [`without a sum at the source, so that only sizes can be checked: ${filesText(unsummed)}`]),
    `${filesText(chosen)}; ${hasToken ? "the token suffices" : "no token is needed"}`,
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

/** `2 files, 4.0 MB`. */
export function filesText(files: readonly { readonly bytes: Bytes }[]): string {
  const size = sizeText(files.reduce((total, { bytes }) => total + bytes, 0));
  return `${files.length} ${files.length === 1 ? "file" : "files"}, ${size}`;
}
