import type { Setting } from "../story/stack-file.ts";
import type { Act, Scene, Strike } from "./scene.ts";

/** How a candidate replaces what serves. */
export type Strategy = "blueGreen" | "canary" | "recreate";

/** Whether anything served before. */
export type Deploy = "first" | "upgrade";

/** Who answers a client. `other`: nobody, since somebody else has led clients elsewhere. */
export type Serves = "old" | "new" | "both" | "nobody";

/** What an update came to. `verified`: the revision that serves was proven again where it is. */
export type Ending = "promoted" | "verified" | "unchanged" | "refused at once" | "refused" | "killed";

/** What the table of states asks for after a fault. */
export interface Expectation {
  /** How the update with the fault may end. */
  readonly ends: readonly Ending[];
  /** Code in its diagnosis, or those that it may have; absent where there is none to be told. */
  readonly code?: string | readonly string[];
  /** Who may serve then. */
  readonly serves: readonly Serves[];
  /** Whether the candidate holds GPUs then; absent where either is right. */
  readonly isParked?: boolean;
  /**
   * `unharmed`: every request and every stream. `outage`: all but those that found nobody, or whose engine ended before it
   * answered. `harmed`: the fault itself harms clients, such as a node that is lost.
   */
  readonly clients: "unharmed" | "outage" | "harmed";
  /** How the update after that may end, whatever the fault was undone by then. */
  readonly next: readonly Ending[];
  readonly nextCode?: string;
  /** Whether pods that cannot end may hold GPUs to the last. */
  readonly mayHold?: boolean;
}

/** Something that goes wrong, and what is to come of it. */
export interface Fault {
  /** For `--only`. */
  readonly name: string;
  readonly does: string;
  /** @default all */
  readonly strategies?: readonly Strategy[];
  /** @default both; a first deploy is the same in every strategy and is played once */
  readonly deploys?: readonly Deploy[];
  /** Settings of the candidate beside what makes it another revision; of the same revision with `isSameRevision`. */
  readonly changes?: readonly Setting[];
  readonly isSameRevision?: boolean;
  /** Before the update, and what undoes it before the next. */
  readonly before?: Act;
  readonly undo?: Act;
  /** In order, each at the first line that matches after the one before. */
  readonly at?: readonly { readonly line: RegExp; readonly act: Strike | "interrupt" }[];
  /** From the update's begin to its end. */
  readonly during?: (scene: Scene, signal: AbortSignal) => Promise<unknown>;
  /** Whether no promotion is begun, or its begin says nothing: the time of the verdict is then the update's. */
  readonly isEarly?: boolean;
  /** Environment of the update. */
  readonly env?: Readonly<Record<string, string>>;
  /** Between the update and the next. */
  readonly after?: Act;
  /** What the next update asks for. @default the same again */
  readonly next?: "the old revision" | "another revision";
  /** Seconds until what is expected to serve must serve, for what comes back by itself. @default 5 */
  readonly settleSeconds?: number;
  /** Whether the cluster is of no use afterwards. */
  readonly spoils?: boolean;
  readonly expect: (strategy: Strategy, deploy: Deploy) => Expectation;
}

/** One line of the matrix. */
export interface Row {
  readonly fault: Fault;
  readonly strategy: Strategy;
  readonly deploy: Deploy;
}

/** `crash/canary/upgrade`. */
export function rowName({ fault, strategy, deploy }: Row): string {
  return `${fault.name}/${strategy}/${deploy}`;
}
