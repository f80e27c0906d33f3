import { join } from "node:path";
import type { ProbeTarget } from "../../infra/prober/target.ts";
import { BenchProcess } from "./child-process.ts";
import type { EngineAnswer } from "./floor.ts";

/** What the process of the engines is asked: where they are, or what they have answered since it was last asked. */
export type EnginesQuestion = "targets" | "answers";

type Targets = readonly [ProbeTarget, ...ProbeTarget[]];

/** Honest engine simulators, all in one process that is not the prober's. */
export class BenchEngines implements AsyncDisposable {
  /** One for each engine. */
  readonly targets: Targets;
  readonly #process: BenchProcess;

  private constructor(process: BenchProcess, targets: Targets) {
    this.#process = process;
    this.targets = targets;
  }

  /** Starts `count`, at least one; they are ready when this resolves. */
  static async start(count: number, signal: AbortSignal): Promise<BenchEngines> {
    const process = new BenchProcess(join(import.meta.dirname, "engines", "index.ts"), [String(count)], signal);
    return new BenchEngines(process, await process.ask("targets" satisfies EnginesQuestion));
  }

  /** Every answer since the last call. */
  takeAnswers(): Promise<readonly EngineAnswer[]> {
    return this.#process.ask("answers" satisfies EnginesQuestion);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
