import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import type { Patience } from "../../infra/supply/hub/ask.ts";
import type { HubCredentials } from "../../infra/supply/hub/credentials.ts";
import { openHub } from "../../infra/supply/hub/open-hub.ts";
import { parseSource } from "../../infra/supply/hub/source.ts";
import { type Hydrated, hydrate } from "../../infra/supply/hydrate/hydrate.ts";
import type { HydrateArgs } from "../../infra/supply/hydrate/hydrate-args.ts";
import { sha256Of } from "./fake-hub.ts";

/** As patient as usual, in a hundredth of the time. */
export const testPatience: Patience = { attempts: 4, firstPause: 1, stallAfter: 150, stalls: 2 };

/** What {@link runHydration} takes beside what `hydrate` takes. */
export interface HydrationOptions extends Partial<HydrateArgs> {
  /** Default: huggingface:owner/model. */
  readonly from?: string;
  readonly endpoint?: string;
  readonly credentials?: HubCredentials;
}

/** Runs a hydration as the command does, against a fake hub. `lines` collects what it tells. */
export function runHydration(
  dir: string,
  { from = "huggingface:owner/model", endpoint, credentials = {}, ...args }: HydrationOptions,
  lines: string[] = [],
): Promise<Hydrated> {
  const hub = openHub(parseSource(from), {
    credentials,
    clock: systemClock,
    patience: testPatience,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  return hydrate({
    hub,
    source: from,
    revision: "main",
    dir,
    choice: { include: [], exclude: [] },
    parallelism: 4,
    isVerified: false,
    deadlineSeconds: 20,
    clock: systemClock,
    signal: new AbortController().signal,
    patience: testPatience,
    tell: (line) => lines.push(line),
    ...args,
  });
}

/** A new empty folder. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "keye-hydrate-"));
}

/** The text of a file in a folder. */
export function textIn(dir: string, name: string): string {
  return readFileSync(join(dir, name), "utf8");
}

/** The sha256 of a file: of large files it is compared, since the difference of two is shown for minutes. */
export function sumOfFile(path: string): string {
  return sha256Of(readFileSync(path));
}
