import { systemClock } from "../../infra/cluster/system-clock.ts";
import { textOf } from "../../infra/core/errors.ts";
import { noRevision } from "../../infra/core/names.ts";
import type { Seconds } from "../../infra/core/units.ts";
import { PromotionStack } from "../../test/support/promotion-stack.ts";
import type { PulumiProcesses } from "../../test/support/pulumi-processes.ts";
import { anotherRevision, settingsOf } from "./base-settings.ts";
import { deviations } from "./judge.ts";
import { type Played, play, type Stable } from "./play.ts";
import { type Row, rowName } from "./row.ts";

/** One row with what came of it. */
export interface RowResult {
  readonly name: string;
  /** Undefined where it could not be played to its end. */
  readonly played?: Played;
  /** What went another way than it must. */
  readonly deviations: readonly string[];
  readonly seconds: Seconds;
}

/** The longest that one row may take. */
const rowSeconds: Seconds = 600;

interface Place {
  readonly stack: PromotionStack;
  readonly serviceUrl: string;
  stable: Stable | undefined;
}

/** Plays rows one after another on a cluster of its own, which it makes anew where a row needs one that is empty. */
export class Lane {
  #place: Place | undefined;
  #number: number;
  readonly #signal: AbortSignal;
  /** Gets the whole output of the updates of a row that went wrong. */
  readonly #onTrouble: (name: string, output: string) => void;

  /** @param first number of this lane's first revision; lanes far apart never make the same */
  constructor(first: number, onTrouble: (name: string, output: string) => void, signal: AbortSignal) {
    this.#number = first;
    this.#onTrouble = onTrouble;
    this.#signal = signal;
  }

  /** Never rejects: what goes wrong is the row's result, and the next row gets a new cluster. */
  async play(row: Row): Promise<RowResult> {
    const started = performance.now();
    const outputs: string[] = [];
    const name = rowName(row);
    const seconds = () => Math.round((performance.now() - started) / 100) / 10;
    try {
      const played = await this.#within(row, outputs);
      const found = deviations(row.fault.expect(row.strategy, row.deploy), played);
      if (found.length > 0) this.#onTrouble(name, outputs.join("\n=== next up\n"));
      // What a row that went wrong has left says nothing of the next one.
      if (row.fault.spoils || found.length > 0 || played.leftovers.length > 0) await this.end();
      return { name, played, deviations: found, seconds: seconds() };
    } catch (error) {
      this.#onTrouble(name, [...outputs, textOf(error)].join("\n=== next up\n"));
      await this.end();
      return { name, deviations: [textOf(error).split("\n").slice(0, 3).join(" ")], seconds: seconds() };
    }
  }

  /** Ends the cluster; fine where there is none. */
  async end(): Promise<void> {
    const place = this.#place;
    this.#place = undefined;
    await place?.stack.close();
  }

  async #within(row: Row, outputs: string[]): Promise<Played> {
    const over = new AbortController();
    let running: PulumiProcesses | undefined;
    const onUpdate = (processes: PulumiProcesses) => {
      running = processes;
    };
    const limit = async (): Promise<never> => {
      try {
        await systemClock.sleep(rowSeconds * 1000, AbortSignal.any([over.signal, this.#signal]));
        throw new Error(`not over after ${rowSeconds} s`);
      } finally {
        if (!over.signal.aborted) endAll(running);
      }
    };
    try {
      return await Promise.race([this.#playOn(row, { onUpdate, onOutput: (output) => outputs.push(output) }), limit()]);
    } finally {
      over.abort(new Error("over"));
    }
  }

  async #playOn(
    row: Row,
    hooks: { readonly onUpdate: (processes: PulumiProcesses) => void; readonly onOutput: (output: string) => void },
  ): Promise<Played> {
    const place = await this.#placeFor(row);
    const number = this.#take();
    const { played, settings } = await play(row, { ...place, ...hooks, number });
    const { live = noRevision } = await place.stack.standing();
    if (live === noRevision) place.stable = undefined;
    else if (live !== place.stable?.revision) place.stable = { revision: live, settings };
    return played;
  }

  async #placeFor(row: Row): Promise<Place> {
    if (row.deploy === "first" && this.#place?.stable !== undefined) await this.end();
    const place = this.#place ?? (await this.#open());
    this.#place = place;
    if (row.deploy === "first" || place.stable !== undefined) return place;
    const settings = [...settingsOf("blueGreen"), anotherRevision(this.#take())];
    const { exitCode, output } = await place.stack.up(settings);
    if (exitCode !== 0) throw new Error(`the first revision did not come up:\n${output}`);
    place.stable = { revision: String((await place.stack.outputs()).activeRevision), settings };
    return place;
  }

  async #open(): Promise<Place> {
    const stack = await PromotionStack.start();
    const { url } = await stack.cluster.rehearsal.startServiceProxy({
      namespace: "keye",
      service: "keye",
      portName: "http",
    });
    return { stack, serviceUrl: url, stable: undefined };
  }

  /** Two numbers: a row may ask for two revisions. */
  #take(): number {
    this.#number += 2;
    return this.#number - 2;
  }
}

function endAll(processes: PulumiProcesses | undefined): void {
  try {
    processes?.send("SIGKILL", "all");
  } catch {
    // They have ended by themselves between two updates.
  }
}
