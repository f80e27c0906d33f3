import type { Event, Pod } from "./objects.ts";

/** What is known of one pod at one moment. */
export interface PodEvidence {
  readonly pod: Pod;
  /** Events of the pod, oldest first; those of others are ignored. */
  readonly events: readonly Event[];
  /** Tail of the engine's log; empty where there is none. */
  readonly log: string;
  /** Tail of the log before the last restart; empty where there is none. */
  readonly previousLog: string;
}
