import type { ProbeSpec } from "../core/probe-spec.ts";
import type { Seconds } from "../core/units.ts";
import type { CheckName, Measurement } from "../gate/measurement.ts";
import type { Session } from "./session.ts";

/** What a check found, before it is timed and counted. */
export interface Finding {
  readonly outcome: Measurement["outcome"];
  readonly reason: string;
  readonly facts?: Measurement["facts"];
}

/** One question to an engine. */
export interface Check {
  readonly name: CheckName;
  /** What a pass proves, in plain words. */
  readonly proves: string;
  /** The profiles that ask it. */
  readonly profiles: readonly ProbeSpec["profile"][];
  /** A `warning` is told and never decides. @default "critical" */
  readonly severity?: "critical" | "warning";
  /** How long one request of it may take, unless the probe spec says otherwise. */
  readonly timeoutSeconds: Seconds;
  /**
   * How long all of its requests together may take, retries and pauses included, unless the probe spec says otherwise. No
   * answer until then is an `error`.
   * @default the timeout of one request, times the passes in a row that are wanted and two more
   */
  readonly deadlineSeconds?: Seconds;
  run(session: Session, timeoutSeconds: Seconds): Promise<Finding>;
}

/** The finding for a request that got no answer. */
export function unanswered(what: string, reason: string): Finding {
  return { outcome: "error", reason: `${what}: ${reason}.` };
}

/** Every profile: for checks that are quick and harm nothing. */
export const everyProfile: readonly ProbeSpec["profile"][] = ["smoke", "gate", "soak"];
