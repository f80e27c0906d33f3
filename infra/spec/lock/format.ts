import { stringify } from "yaml";
import type { Lock } from "./lock.ts";

/** What a lock file says it is. */
export const lockHeader = { apiVersion: "keye-stack.dev/v1", kind: "Lock" } as const;

const title = "# Written by keye lock and keye build. Commit it: it decides what runs.\n";

/** The text of a lock file. Everything is sorted: the same lock gives the same bytes. */
export function formatLock({ images, sources, weights, builds }: Lock): string {
  const sections = Object.entries({ images, sources, weights, builds })
    .filter(([, entries]) => Object.keys(entries).length > 0)
    .map(([name, entries]) => stringify({ [name]: entries }, { sortMapEntries: true, lineWidth: 0 }));
  return [title, stringify(lockHeader), ...sections].join("");
}
