import type { Engine } from "../engine.ts";
import { newRid } from "../engine.ts";
import type { Exchange } from "../http/exchange.ts";
import { weightVersion } from "../http/info.ts";
import { QueueFull } from "../scheduler.ts";
import { admitted, checkLengths, sendError, streamQueueFull } from "./admission.ts";
import type { ChatRequest } from "./chat-request.ts";
import { checkCount, checkSampling, readChatRequest } from "./chat-request.ts";
import type { Generation } from "./generation.ts";
import { generation, runGeneration, think, usage } from "./generation.ts";
import { logprobsOf } from "./logprobs.ts";
import { parsedMessage, spoken } from "./parsers.ts";
import { preparePrompt } from "./prompt.ts";
import { readJsonBody } from "./validation.ts";

/** A request that is about to run. */
interface Turn {
  readonly rid: string;
  readonly request: ChatRequest;
  readonly made: Generation;
  readonly promptTokens: number;
  readonly created: number;
}

/** `POST /v1/chat/completions`. */
export async function chat(engine: Engine, exchange: Exchange): Promise<void> {
  try {
    const body = (await exchange.body()).toString("utf8");
    const request = readChatRequest(readJsonBody(exchange.path, exchange.header("content-type"), body));
    checkCount(request);
    if (engine.fault?.name === "error-body-200") return exchange.send(200, lostWorker);
    if (engine.fault?.name === "empty-200") return exchange.send(200);
    if (engine.isRefusing && request.isStreamed) return streamQueueFull(exchange);
    if (engine.isRefusing) throw new QueueFull();
    if (engine.fault?.name === "leak-key") return exchange.send(500, leakedKey(engine));
    await admitted(engine, exchange, request.rid, (rid) => answerChat(engine, exchange, request, rid));
  } catch (error) {
    sendError(exchange, error);
  }
}

const lostWorker = {
  object: "error",
  message: "The worker is not available.",
  type: "InternalServerError",
  param: null,
  code: 500,
};

function leakedKey({ args, log }: Engine): object {
  const message = `Internal server error: upstream refused Authorization: Bearer ${args.apiKey ?? "sk-none"}`;
  log.message(`Error in request: ${message}`);
  return { object: "error", message, type: "InternalServerError", param: null, code: 500 };
}

async function answerChat(engine: Engine, exchange: Exchange, request: ChatRequest, rid: string): Promise<void> {
  // The server admits one request a choice and forgets the first alone, even when all went well.
  for (let other = 1; other < request.n; other++) engine.rids.add(newRid());
  const { prompt, tokens } = await preparePrompt(engine, request, exchange.signal);
  const maxTokens = checkLengths(engine, tokens, request.maxTokens);
  checkSampling(request);
  const made = generation(spoken(request, think(engine, prompt)), {
    maxTokens,
    ignoresEos: request.ignoresEos,
    stop: request.stop,
  });
  const turn: Turn = { rid, request, made, promptTokens: tokens, created: Math.floor(engine.clock.now() / 1000) };
  await (request.isStreamed ? stream(engine, exchange, turn) : whole(engine, exchange, turn));
}

async function whole(engine: Engine, exchange: Exchange, turn: Turn): Promise<void> {
  const { made, request, promptTokens } = turn;
  const run = { promptTokens, isStreamed: false, signal: exchange.signal, onToken: () => {} };
  await Promise.all(Array.from({ length: request.n }, () => runGeneration(engine, made, run)));
  const { message, finish } = parsedMessage(engine.args.fields, made);
  const choices = Array.from({ length: request.n }, (_, index) => ({
    index,
    message,
    logprobs: request.hasLogprobs ? logprobsOf(made, request.topLogprobs, weightSalt(engine)) : null,
    finish_reason: finish.finishReason,
    matched_stop: finish.matchedStop,
  }));
  exchange.send(200, {
    id: turn.rid,
    object: "chat.completion",
    created: turn.created,
    model: request.model,
    choices,
    usage: usage(promptTokens, request.n * made.count),
    metadata: { weight_version: weightVersion(engine) },
  });
}

/** Faults under which the model computes with other weights: as sure of itself, of other things. */
const otherWeights: readonly (string | undefined)[] = ["wrong-answer", "swapped-experts", "rounded-weights"];

function weightSalt({ fault }: Engine): string {
  return fault !== undefined && otherWeights.includes(fault.name) ? fault.name : "";
}

/** Sends the answer as events. The role comes with the first token, the finish reason in a chunk of its own. */
async function stream(engine: Engine, exchange: Exchange, turn: Turn): Promise<void> {
  const { request, made, promptTokens } = turn;
  let isOpen = false;
  const counts = Array.from({ length: request.n }, () => 0);
  const chunk = (choices: readonly object[], extra: object = {}) => {
    const head = { id: turn.rid, object: "chat.completion.chunk", created: turn.created, model: request.model };
    exchange.event(JSON.stringify({ ...head, choices, ...extra }));
  };
  const spent = () =>
    usage(
      promptTokens,
      counts.reduce((sum, count) => sum + count, 0),
    );
  const delta = (index: number, content: object, finish: Generation | undefined) => {
    const finish_reason = finish?.finishReason ?? null;
    const matched_stop = finish?.matchedStop ?? null;
    const choice = {
      index,
      delta: { reasoning_content: null, ...content },
      logprobs: null,
      finish_reason,
      matched_stop,
    };
    chunk([choice], request.hasContinuousUsage ? { usage: spent() } : {});
  };
  const open = (index: number) => {
    if (!isOpen) exchange.startEvents();
    isOpen = true;
    delta(index, { role: "assistant", content: "" }, undefined);
  };
  const one = async (index: number) => {
    await runGeneration(engine, made, {
      promptTokens,
      isStreamed: true,
      signal: exchange.signal,
      onToken: (text) => {
        if (counts[index] === 0) open(index);
        counts[index] = (counts[index] ?? 0) + 1;
        if (text !== undefined) delta(index, { content: text }, undefined);
        if (engine.fault?.name === "truncated-stream" && counts[index] >= made.count / 2) exchange.cut();
      },
    });
    if (counts[index] === 0) open(index);
    delta(index, {}, made);
  };
  try {
    await Promise.all(counts.map((_, index) => one(index)));
  } catch (error) {
    if (error instanceof QueueFull && !isOpen) return streamQueueFull(exchange);
    throw error;
  }
  if (request.includesUsage || engine.args.includeUsage) chunk([], { usage: spent() });
  exchange.event("[DONE]");
  exchange.endEvents();
}
