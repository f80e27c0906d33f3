import type { Seconds } from "../core/units.ts";

/** What a stopped promotion left behind. */
export interface Aftermath {
  /** The revision that the live Service selects; undefined where that could not be found out. */
  readonly active: string | undefined;
  /** What serves now, for people. */
  readonly serving: string;
  /** What became of the candidate, for people. */
  readonly candidate: string;
  /** Seconds from the stop until the revision before served again, where traffic was switched back. */
  readonly switchedBackSeconds?: Seconds;
  /** The revision that had made room and was asked back; without seconds where nobody waited for it. */
  readonly restored?: { readonly revision: string; readonly replicas: number; readonly seconds?: Seconds };
  /** How long no pod was behind the live Service. */
  readonly outageSeconds?: Seconds;
  /** True where a ramp was left half-way, serving: there was nothing to go back to. */
  readonly isRampLeft?: boolean;
  /** Why undoing did not succeed; undefined where it did. */
  readonly problem?: string;
}
