import type { Clock } from "../../core/clock.ts";
import type { Bytes, Seconds } from "../../core/units.ts";
import type { Patience } from "../hub/ask.ts";
import type { FileChoice } from "../hub/file-choice.ts";
import type { Hub } from "../hub/hub.ts";
import type { LockTiming } from "./folder-lock.ts";

/** What a hydration is to do, and with what. */
export interface HydrateArgs {
  readonly hub: Hub;
  /** As `sourceText` gives it; stands in the manifest. */
  readonly source: string;
  /** A commit, or what the hub resolves to one. */
  readonly revision: string;
  /** Made where it is not there. */
  readonly dir: string;
  readonly choice: FileChoice;
  /** Files that are loaded at once. */
  readonly parallelism: number;
  /** Sums the files of a folder that is complete already, instead of comparing sizes alone. */
  readonly isVerified: boolean;
  readonly deadlineSeconds: Seconds;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly patience: Patience;
  /** Gets lines for people; those of progress are of `formatTransfer`. */
  readonly tell: (line: string) => void;
  /** Asked before the first byte. @default statfs of the folder */
  readonly freeBytes?: (dir: string) => Promise<Bytes>;
  /** @default a heartbeat every 5 s, stale after 20 s */
  readonly lockTiming?: LockTiming;
}
