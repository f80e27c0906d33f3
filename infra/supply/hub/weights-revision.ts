import { type HubOptions, openHub } from "./open-hub.ts";
import { parseSource } from "./source.ts";

/**
 * What a revision of the weights stands for now: the commit of a branch or tag of a hub, or the sha256 of the listing of a source
 * without commits (S3, HTTP). Throws `E_SUPPLY` for a repository that is missing or closed, `ENV_UNREACHABLE` for a hub that
 * gives no answer, `CONFIG_USAGE` for a text that is no source.
 */
export function weightsRevision(
  source: string,
  revision: string,
  options: HubOptions & { readonly signal: AbortSignal },
): Promise<string> {
  return openHub(parseSource(source), options).resolveRevision(revision, options.signal);
}
