import type { EpochMs, Seconds } from "../../core/units.ts";
import type { LedgerEntry } from "./ledger.ts";

/** A verdict with its age and its reason, for people. No full stop. */
export function verdictText({ evidence }: LedgerEntry, now: EpochMs): string {
  const { verdict, code, reason, finishedAt, isUnfinished } = evidence;
  const head = isUnfinished ? "unfinished" : [verdict, code].filter((part) => part !== undefined).join(" ");
  return `${head}, ${ago(Date.parse(finishedAt), now)}: ${reason.replace(/\.$/, "")}`;
}

/** How long ago, in the largest unit that tells it: `40 s ago`, `12 min ago`, `3 h ago`, `5 days ago`. */
export function ago(moment: EpochMs, now: EpochMs): string {
  return `${durationText(Math.max(0, (now - moment) / 1000))} ago`;
}

function durationText(seconds: Seconds): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}
