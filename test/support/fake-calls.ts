/** Called at the start of each port call, with its name and how many such calls there were: `observe#2`. */
export type Intercept = (call: string, signal: AbortSignal) => void | Promise<void>;

/** The calls that a fake's ports get: on record by their writes, and open to a test that wants to interfere. */
export class FakeCalls {
  readonly writes: string[] = [];
  intercept: Intercept = () => undefined;
  /** Called whenever anything may have changed. */
  onStep: () => void = () => undefined;
  readonly #calls = new Map<string, number>();

  /** Counts a call and lets the test interfere; used by the fake prober too. */
  async call(name: string, signal: AbortSignal): Promise<void> {
    const count = (this.#calls.get(name) ?? 0) + 1;
    this.#calls.set(name, count);
    this.onStep();
    await this.intercept(`${name}#${count}`, signal);
    signal.throwIfAborted();
  }

  /** Forgets the calls and lets nothing interfere: for a second run in one test. */
  resetCalls(): void {
    this.#calls.clear();
    this.intercept = () => undefined;
  }
}
