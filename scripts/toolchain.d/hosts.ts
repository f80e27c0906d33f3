import type { Milliseconds } from "../../infra/core/units.ts";

/** Asks one host for anything at all; rejects where it does not answer. */
export type Ask = (url: string, signal: AbortSignal) => Promise<unknown>;

/**
 * The hosts of `urls` that answer, asked all at once: one wait of at most `atMost`, however many hosts are silent. Any
 * HTTP status is an answer.
 */
export async function answeringHosts(
  urls: readonly string[],
  atMost: Milliseconds,
  ask: Ask,
): Promise<ReadonlySet<string>> {
  const hosts = hostsOf(urls);
  const signal = AbortSignal.timeout(atMost);
  const answers = await Promise.allSettled(hosts.map((host) => ask(`https://${host}/`, signal)));
  return new Set(hosts.filter((_, index) => answers[index]?.status === "fulfilled"));
}

/** The distinct hosts of some URLs, in order of appearance. */
export function hostsOf(urls: readonly string[]): readonly string[] {
  return [...new Set(urls.map((url) => new URL(url).host))];
}
