import { setTimeout as pause } from "node:timers/promises";
import { freshQuestion, isRight } from "../../infra/prober/arithmetic.ts";
import { chatRequest, describeRefusal, parseChatAnswer } from "../../infra/prober/chat.ts";
import { assembleStream, framesOf } from "../../infra/prober/event-stream.ts";
import { type Exchange, exchange } from "../../infra/prober/http.ts";
import { type LoadResult, type Outcome, summarize } from "./load-result.ts";

/** Between one answer and the next question, in milliseconds: the load is steady, not a stress test. */
const thinkingTime = 100;

/** Longer than any answer takes that is asked for here. */
const patience = 60_000;

/** Who asks, and what. */
export interface Clients {
  readonly baseUrl: string;
  /** The served model name. */
  readonly model: string;
  /** Clients that ask one short question after another. @default 4 */
  readonly lanes?: number;
  /** Clients that stream one long answer after another. @default 0 */
  readonly streamLanes?: number;
  /** Tokens of a long answer. @default 600 */
  readonly streamTokens?: number;
}

/** Clients that ask one question after another through one address until they are stopped. */
export interface ClientLoad {
  /** Resolves with the revision that answers one more question now; undefined where none does, or not rightly. */
  ask(): Promise<string | undefined>;
  /** Lets running requests end, then tells what was seen. */
  stop(): Promise<LoadResult>;
}

/**
 * Starts clients. They begin with the first right answer: what is not deployed yet cannot fail. Nothing is retried: a
 * request that the user would see fail is counted as failed.
 */
export function startLoad(clients: Clients): ClientLoad {
  const stop = new AbortController();
  const outcomes: Outcome[] = [];
  const lane = async (ask: (clients: Clients) => Promise<Outcome>) => {
    while (!stop.signal.aborted) {
      outcomes.push(await ask(clients));
      await pause(thinkingTime);
    }
  };
  const begin = async () => {
    while (!stop.signal.aborted && (await askOnce(clients)).kind !== "right") await pause(thinkingTime);
    const { lanes = 4, streamLanes = 0 } = clients;
    const short = Array.from({ length: lanes }, () => lane(askOnce));
    const long = Array.from({ length: streamLanes }, () => lane(streamOnce));
    await Promise.all([...short, ...long]);
  };
  const running = begin();
  return {
    ask: async () => (await askOnce(clients)).revision,
    async stop() {
      stop.abort();
      await running;
      return summarize(outcomes);
    },
  };
}

async function askOnce({ baseUrl, model }: Clients): Promise<Outcome> {
  const question = freshQuestion(Math.random);
  const request = chatRequest(model, question.prompt, { stream: false, timeout: patience });
  return outcomeOf(false, await timed(baseUrl, request), (body) => {
    const answer = parseChatAnswer(body);
    if (typeof answer === "string") return { failure: answer };
    if (isRight(question, answer.content)) return { revision: answer.weightVersion ?? "unknown" };
    return { failure: `wrong answer to "${question.prompt}": ${answer.content}` };
  });
}

/** One answer that goes on until it has all its tokens, followed to its very end. */
async function streamOnce({ baseUrl, model, streamTokens = 600 }: Clients): Promise<Outcome> {
  const plain = chatRequest(model, "Tell me about the sea.", { stream: true, timeout: patience });
  const json = { ...Object(plain.json), max_tokens: streamTokens, ignore_eos: true };
  const seen = await timed(baseUrl, { ...plain, json });
  return outcomeOf(true, seen, () => {
    if (seen.result.kind === "noAnswer") return {};
    const answer = assembleStream(framesOf(seen.result.chunks));
    if (typeof answer === "string") return { cut: answer };
    return answer.isDone ? {} : { cut: `a stream was cut after ${answer.deltas} deltas` };
  });
}

interface Timed {
  readonly result: Exchange;
  readonly sentAt: number;
  readonly endedAt: number;
}

async function timed(baseUrl: string, request: Parameters<typeof exchange>[1]): Promise<Timed> {
  const sentAt = Date.now();
  const result = await exchange({ name: baseUrl, baseUrl }, request, AbortSignal.timeout(patience + 1_000));
  return { result, sentAt, endedAt: Date.now() };
}

type Judgement = { readonly revision?: string; readonly failure?: string; readonly cut?: string };

function outcomeOf(isStream: boolean, { result, sentAt, endedAt }: Timed, judge: (body: string) => Judgement): Outcome {
  const base = { isStream, sentAt, endedAt };
  if (result.kind === "noAnswer") return { ...base, kind: "unanswered", failure: result.reason };
  if (result.status !== 200) {
    return { ...base, kind: "unanswered", failure: describeRefusal(result.status, result.body) };
  }
  const { revision, failure, cut } = judge(result.body);
  if (cut !== undefined) return { ...base, kind: "cut", failure: cut };
  if (failure !== undefined) return { ...base, kind: "wrong", failure };
  return { ...base, kind: "right", ...(revision === undefined ? {} : { revision }) };
}
