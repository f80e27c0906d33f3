import { setTimeout as pause } from "node:timers/promises";
import { freshQuestion, isRight } from "../../infra/prober/arithmetic.ts";
import { chatRequest, describeRefusal, parseChatAnswer } from "../../infra/prober/chat.ts";
import { exchange } from "../../infra/prober/http.ts";

/** Between one answer and the next question, in milliseconds: the load is steady, not a stress test. */
const thinkingTime = 100;

/** What constant clients saw. */
export interface LoadResult {
  readonly sent: number;
  /** Requests without a right answer, each with its reason; at most the first ten are kept. */
  readonly failed: number;
  readonly failures: readonly string[];
  /** Right answers by the revision that gave them. */
  readonly byRevision: Readonly<Record<string, number>>;
}

/** Clients that ask one question after another through one address until they are stopped. */
export interface ClientLoad {
  /** Lets running requests end, then tells what was seen. */
  stop(): Promise<LoadResult>;
}

/**
 * Starts `lanes` clients. Nothing is retried: a request that the user would see fail is counted as failed.
 * @param model the served model name
 */
export function startLoad(baseUrl: string, model: string, lanes = 4): ClientLoad {
  const stop = new AbortController();
  const failures: string[] = [];
  const byRevision: Record<string, number> = {};
  let sent = 0;
  let failed = 0;
  const lane = async () => {
    while (!stop.signal.aborted) {
      sent++;
      const outcome = await askOnce(baseUrl, model);
      if ("revision" in outcome) byRevision[outcome.revision] = (byRevision[outcome.revision] ?? 0) + 1;
      else {
        failed++;
        if (failures.length < 10) failures.push(outcome.failure);
      }
      await pause(thinkingTime);
    }
  };
  const running = Array.from({ length: lanes }, lane);
  return {
    async stop() {
      stop.abort();
      await Promise.all(running);
      return { sent, failed, failures, byRevision };
    },
  };
}

async function askOnce(baseUrl: string, model: string): Promise<{ revision: string } | { failure: string }> {
  const question = freshQuestion(Math.random);
  const request = chatRequest(model, question.prompt, { stream: false, timeout: 30_000 });
  const result = await exchange({ name: baseUrl, baseUrl }, request, AbortSignal.timeout(31_000));
  if (result.kind === "noAnswer") return { failure: result.reason };
  if (result.status !== 200) return { failure: describeRefusal(result.status, result.body) };
  const answer = parseChatAnswer(result.body);
  if (typeof answer === "string") return { failure: answer };
  if (!isRight(question, answer.content)) return { failure: `wrong answer to "${question.prompt}": ${answer.content}` };
  return { revision: answer.weightVersion ?? "unknown" };
}
