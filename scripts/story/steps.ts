/** One finished step of a story. */
export interface StepResult {
  readonly title: string;
  readonly outcome: string;
  readonly seconds: number;
}

/** Runs steps one after another, announces each, and keeps what came of it for the summary. */
export class Steps {
  readonly results: StepResult[] = [];
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Runs one step; `outcome` turns its value into the summary's words. A throw ends the story. */
  async run<T>(title: string, action: () => Promise<T>, outcome: (value: T) => string): Promise<T> {
    this.#say(`\n=== ${title}`);
    const started = performance.now();
    const value = await action();
    const seconds = (performance.now() - started) / 1000;
    const words = outcome(value);
    this.results.push({ title, outcome: words, seconds });
    this.#say(`--- ${words} (${seconds.toFixed(1)} s)`);
    return value;
  }

  /** A table of all steps with their times. */
  summary(): string {
    const width = Math.max(...this.results.map((step) => step.title.length));
    const rows = this.results.map(
      (step) => `  ${step.title.padEnd(width)}  ${step.seconds.toFixed(1).padStart(6)} s  ${step.outcome}`,
    );
    return ["", "Summary", ...rows].join("\n");
  }
}
