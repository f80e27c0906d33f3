import type { Seconds } from "../../infra/core/units.ts";
import type { AtLine, Ended, PromotionStack } from "../../test/support/promotion-stack.ts";
import type { PulumiProcesses } from "../../test/support/pulumi-processes.ts";
import { startLoad } from "../story/load.ts";
import type { LoadResult } from "../story/load-result.ts";
import type { Setting } from "../story/stack-file.ts";
import { anotherRevision, settingsOf } from "./base-settings.ts";
import { codeIn, endingOf } from "./ending.ts";
import { idleRevisions, whoServes } from "./look.ts";
import type { Ending, Row, Serves } from "./row.ts";
import type { Scene } from "./scene.ts";

/** What came of one row. */
export interface Played {
  readonly ends: Ending;
  /** In the diagnosis of the update with the fault; empty where there is none. */
  readonly code: string;
  /** From the fault, or from where the promotion began, to the end of the update. */
  readonly verdictSeconds: Seconds;
  readonly serves: Serves;
  /** Whether nothing but what serves holds GPUs. */
  readonly isParked: boolean;
  readonly clients: LoadResult;
  readonly next: Ending;
  readonly nextCode: string;
  /** Revisions beside the one that serves which still hold GPUs after the next update. */
  readonly leftovers: readonly string[];
}

/** A revision that serves, and what it was asked with. */
export interface Stable {
  readonly revision: string;
  readonly settings: readonly Setting[];
}

/** Where a row is played. */
export interface Table {
  readonly stack: PromotionStack;
  readonly serviceUrl: string;
  /** Undefined on an empty stack. */
  readonly stable: Stable | undefined;
  /** Two that no other row of the stack has. */
  readonly number: number;
  /** Gets the processes of each update, to end them with the row. */
  readonly onUpdate: (processes: PulumiProcesses) => void;
  /** Gets what each update has said. */
  readonly onOutput: (output: string) => void;
}

const model = "keye-vl-2.0-30b-a3b";

/** The promotion has begun. */
const begun = /\[observe\] /;

/**
 * Plays one row: the update with its fault, a look at who serves, the next update; clients ask all the time. Returns too
 * with which settings the revision was made that serves then, if it is another than before.
 */
export async function play(
  row: Row,
  table: Table,
): Promise<{ readonly played: Played; readonly settings: readonly Setting[] }> {
  const { fault, strategy, deploy } = row;
  const { stack, onOutput } = table;
  const scene = sceneOf(row, table);
  const expected = fault.expect(strategy, deploy);
  const load = startLoad({ baseUrl: table.serviceUrl, model, lanes: 2, streamLanes: 2 });
  try {
    const { ended, seconds } = await faultyUpdate(row, scene, table);
    onOutput(ended.output);
    await fault.after?.(scene);
    const serves = await whoServes(load, scene.old, {
      expected: expected.serves,
      seconds: fault.settleSeconds ?? 5,
    });
    const isParked = (await idleRevisions(stack, expected.isParked ? undefined : 0)).length === 0;
    await fault.undo?.(scene);
    const settings = nextSettings(row, scene);
    const next = await stack.up(settings);
    onOutput(next.output);
    const leftovers = await idleRevisions(stack);
    const played: Played = {
      ends: endingOf(ended),
      code: codeIn(ended.output),
      verdictSeconds: Math.round(seconds * 10) / 10,
      serves,
      isParked,
      next: endingOf(next),
      nextCode: codeIn(next.output),
      leftovers,
      clients: await load.stop(),
    };
    return { played, settings: next.exitCode === 0 ? settings : scene.candidate };
  } finally {
    await load.stop();
  }
}

function sceneOf({ fault, strategy }: Row, { stack, stable, number }: Table): Scene {
  const plain = settingsOf(strategy);
  const settings = stable?.settings ?? plain;
  const own = fault.isSameRevision ? settings : [...plain, anotherRevision(number)];
  return { stack, old: stable?.revision, candidate: [...own, ...(fault.changes ?? [])], stable: settings, number };
}

/** What the next update asks for, by the row's own strategy. */
function nextSettings({ fault, strategy }: Row, { candidate, stable, number }: Scene): readonly Setting[] {
  const byStrategy = settingsOf(strategy);
  if (fault.next === "the old revision") return [...byStrategy, ...stable.filter(({ path }) => path[0] === "engine")];
  return fault.next === "another revision" ? [...byStrategy, anotherRevision(number + 1)] : candidate;
}

async function faultyUpdate({ fault }: Row, scene: Scene, { stack, onUpdate }: Table) {
  let since = performance.now();
  const touch = () => {
    since = performance.now();
  };
  const strikes = (fault.at ?? []).map(({ line, act }): AtLine => {
    if (act === "interrupt") return { line, action: act };
    return {
      line,
      action: (own) => {
        touch();
        return act(scene, own);
      },
    };
  });
  const begins: AtLine = { line: /./, action: onUpdate };
  const looks: AtLine[] = fault.at === undefined && !fault.isEarly ? [{ line: begun, action: touch }] : [];
  const over = new AbortController();
  await fault.before?.(scene);
  const meanwhile = fault.during?.(scene, over.signal);
  try {
    const args = scene.stack.upArguments(scene.candidate);
    const ended: Ended = await stack.run(args, { env: fault.env ?? {} }, begins, ...looks, ...strikes);
    const seconds = ended.secondsAfterInterrupt || (performance.now() - since) / 1000;
    return { ended, seconds };
  } finally {
    over.abort();
    await meanwhile;
  }
}
