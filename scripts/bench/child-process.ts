import { type ChildProcess, fork, type Serializable } from "node:child_process";

/**
 * A program of the bench in a process of its own, which answers each question with one message. It writes to the bench's
 * own stderr, and ends when the bench lets go of it or dies.
 */
export class BenchProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  /** @param file Path of the program, which calls {@link answerQuestions}. */
  constructor(file: string, args: readonly string[], signal: AbortSignal) {
    const child = fork(file, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], signal });
    this.#child = child;
    this.#ended = new Promise((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code, by) => reject(new Error(`${file} ended with ${by ?? code}`)));
    });
    // Who asks nothing is not told; the next question is.
    this.#ended.catch(() => {});
  }

  /** Rejects where the process ends instead of answering. One question at a time. */
  ask<Answer>(question: Serializable): Promise<Answer> {
    const answer = new Promise<Answer>((resolve) => {
      // The program and its caller agree on what it says.
      this.#child.once("message", (message) => resolve(message as Answer));
    });
    this.#child.send(question);
    return Promise.race([answer, this.#ended]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended.catch(() => {});
  }
}

/** The other side: answers questions until the bench is gone. */
export function answerQuestions<Question>(answer: (question: Question) => Promise<object>): void {
  // The caller and its program agree on what is asked.
  process.on("message", async (question) => process.send?.(await answer(question as Question)));
  process.on("disconnect", () => process.exit());
}
