import type { EpochMs, Milliseconds } from "../core/units.ts";

/** What one probe asked of one engine. */
export type CheckName = "health" | "identity" | "text" | "streaming" | (string & {});

/**
 * One result of one probe: `pass`, `fail` (the engine answered, wrongly), `error` (no answer came) or `skipped`
 * (this engine or profile cannot be asked; `reason` says why).
 */
export interface Measurement {
  readonly check: CheckName;
  readonly outcome: "pass" | "fail" | "error" | "skipped";
  /** A `warning` is told and never decides. @default "critical" */
  readonly severity?: "critical" | "warning";
  /** One sentence with what was wanted and what came. Never holds a secret or a media payload. */
  readonly reason: string;
  readonly startedAt: EpochMs;
  readonly duration: Milliseconds;
  /** Attempts made; above 1 only where a transport error was retried. */
  readonly attempts: number;
  /** Transport errors that were retried within this measurement. */
  readonly transportErrors: number;
  /** Allow-listed facts, such as `weightVersion`, `ttftMs`, `expected`, `got`. */
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
}

/** All measurements of one engine, in the order in which they were taken. */
export interface ProbeReport {
  /** The pod's name, or the base URL that was probed. */
  readonly target: string;
  readonly podUid?: string;
  readonly startedAt: EpochMs;
  readonly finishedAt: EpochMs;
  readonly measurements: readonly Measurement[];
}

/** What a verdict is: `inconclusive` never promotes. */
export type VerdictKind = "pass" | "fail" | "inconclusive";
