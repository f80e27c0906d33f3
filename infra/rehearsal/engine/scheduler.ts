import type { Clock } from "../../core/clock.ts";
import type { EpochMs, Milliseconds } from "../../core/units.ts";

/** Prompt tokens a second in one prefill batch, on two H800. */
const prefillRate = 20_000;

/** Time of one decode step of a single request; steps of a batch take a little longer. */
const decodeStep: Milliseconds = 7.5;

/** Thrown by {@link Scheduler.run} where `--max-queued-requests` are waiting already. */
export class QueueFull extends Error {}

/** What a scheduler admits. */
export interface SchedulerLimits {
  readonly maxRunning: number;
  /** Undefined: no bound. */
  readonly maxQueued: number | undefined;
  /** Tokens of one prefill batch. */
  readonly chunk: number;
}

/** One request, as the scheduler sees it. */
export interface Job {
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Extra time before the first token. */
  readonly delay: Milliseconds;
  /** Aborts when the client has left or the process dies. */
  readonly signal: AbortSignal;
  /** Called with the number of tokens so far; once with all of them where `isStreamed` is false. */
  readonly onTokens: (count: number) => void;
  readonly isStreamed: boolean;
}

/**
 * A model of the scheduler process: prefill batches run one after another, running requests decode side by side, control
 * calls wait for the batch at hand, and a stuck forward stops everything.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #limits: SchedulerLimits;
  readonly #onPrefill: (tokens: number) => void;
  #turn: Promise<void> = Promise.resolve();
  #isBusy = false;
  #running = 0;
  #decoding = 0;
  #usedTokens = 0;
  #queue: (() => void)[] = [];
  #lastOutput: EpochMs = 0;
  #frozen: Promise<void> | undefined;
  #thaw: () => void = () => {};

  constructor(clock: Clock, limits: SchedulerLimits, onPrefill: (tokens: number) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onPrefill = onPrefill;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  get usedTokens(): number {
    return this.#usedTokens;
  }

  /** Tokens a second that all running requests together make now. */
  get throughput(): number {
    return this.#decoding === 0 ? 0 : (1000 * this.#decoding) / this.#step();
  }

  /** Whether a prefill batch or a control call is being worked on, or requests are decoding. */
  get isBusy(): boolean {
    return this.#isBusy || this.#decoding > 0;
  }

  /** When the scheduler last gave anything back. */
  get lastOutput(): EpochMs {
    return this.#decoding > 0 && this.#frozen === undefined ? this.#clock.now() : this.#lastOutput;
  }

  /** Stops all work until {@link thaw}, as a SIGSTOP or a forward that never returns does. */
  freeze(): void {
    this.#frozen ??= new Promise((resolve) => {
      this.#thaw = resolve;
    });
  }

  thaw(): void {
    this.#frozen = undefined;
    this.#thaw();
  }

  /** One forward pass that keeps everybody else waiting for `duration`. */
  async forward(duration: Milliseconds, signal: AbortSignal): Promise<void> {
    await this.#exclusively(signal, async () => {
      await this.#clock.sleep(duration, signal);
      await this.#awake(signal);
      this.#lastOutput = this.#clock.now();
    });
  }

  /**
   * A question that only the scheduler can answer, such as `/server_info`: waits for the batch at hand. Its reply is a
   * sign of life like any other.
   */
  async control(signal: AbortSignal): Promise<void> {
    await this.#exclusively(signal, async () => {
      await this.#awake(signal);
      this.#lastOutput = this.#clock.now();
    });
  }

  /** Runs one request to its end. Rejects with the signal's reason when it aborts, with {@link QueueFull} when refused. */
  async run(job: Job): Promise<void> {
    await this.#admit(job.signal);
    this.#usedTokens += job.promptTokens + job.outputTokens;
    try {
      for (let left = job.promptTokens; left > 0; left -= this.#limits.chunk) {
        const tokens = Math.min(left, this.#limits.chunk);
        this.#onPrefill(tokens);
        await this.forward(Math.max(2, (1000 * tokens) / prefillRate), job.signal);
      }
      if (job.delay > 0) await this.#clock.sleep(job.delay, job.signal);
      await this.#decode(job);
    } finally {
      this.#usedTokens -= job.promptTokens + job.outputTokens;
      this.#leave();
    }
  }

  async #decode(job: Job): Promise<void> {
    this.#decoding++;
    try {
      const burst = job.isStreamed ? 1 : Math.max(1, job.outputTokens);
      for (let done = 0; done < job.outputTokens; ) {
        const tokens = Math.min(burst, job.outputTokens - done);
        await this.#clock.sleep(tokens * this.#step(), job.signal);
        await this.#awake(job.signal);
        done += tokens;
        job.onTokens(done);
      }
    } finally {
      this.#decoding--;
      this.#lastOutput = this.#clock.now();
    }
  }

  #step(): Milliseconds {
    return decodeStep * (1 + this.#decoding / 64);
  }

  async #admit(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < this.#limits.maxRunning) {
      this.#running++;
      return;
    }
    if (this.#limits.maxQueued !== undefined && this.#queue.length >= this.#limits.maxQueued) throw new QueueFull();
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#queue = this.#queue.filter((waiter) => waiter !== enter);
        reject(signal.reason);
      };
      const enter = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#queue.push(enter);
    });
  }

  /** Hands the place to the first that waits, or frees it. */
  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#running--;
    else next();
  }

  async #exclusively(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    try {
      await until(before, signal);
    } catch (error) {
      void before.then(resolve);
      throw error;
    }
    this.#isBusy = true;
    try {
      await work();
    } finally {
      this.#isBusy = false;
      resolve();
    }
  }

  async #awake(signal: AbortSignal): Promise<void> {
    while (this.#frozen !== undefined) await until(this.#frozen, signal);
  }
}

/** Waits for `promise`, or rejects with the signal's reason as soon as it aborts. */
export function until<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
