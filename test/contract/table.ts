import { PNG } from "pngjs";
import { empty, exactly, flatError, framesOf, holding, is, isPositive, isText, valueAt } from "./bodies.ts";
import type { ContractRequest, ContractRow, ServerFacts } from "./contract.ts";

const json = { "content-type": "application/json" };
const chatPath = "/v1/chat/completions";

function get(path: string): () => ContractRequest {
  return () => ({ path });
}

/** A chat request of one short question; `extra` comes on top, and may replace the messages. */
function chat(extra: Readonly<Record<string, unknown>> = {}): () => ContractRequest {
  const messages = [{ role: "user", content: "Say hi." }];
  const body = JSON.stringify({ model: "", temperature: 0, max_tokens: 8, messages, ...extra });
  return () => ({ method: "POST", path: chatPath, headers: json, body });
}

function raw(body: string, headers: Readonly<Record<string, string>> = json): () => ContractRequest {
  return () => ({ method: "POST", path: chatPath, headers, body });
}

function withPart(part: unknown, extra: Readonly<Record<string, unknown>> = {}): () => ContractRequest {
  return chat({ messages: [{ role: "user", content: [part, { type: "text", text: "What is it?" }] }], ...extra });
}

function longPrompt({ contextLength }: ServerFacts): string {
  return "hello world ".repeat(contextLength);
}

function redSquare(): string {
  const png = new PNG({ width: 56, height: 56 });
  for (let at = 0; at < png.data.length; at += 4) png.data.set([255, 0, 0, 255], at);
  return `data:image/png;base64,${PNG.sync.write(png).toString("base64")}`;
}

const chatAnswer = {
  object: is("chat.completion"),
  id: isText,
  "choices.0.message.role": is("assistant"),
  "choices.0.finish_reason": (value: unknown) => value === "stop" || value === "length",
  "usage.prompt_tokens": isPositive,
  "usage.completion_tokens": isPositive,
  "metadata.weight_version": isText,
};

/** Wants role first, then a finish reason, usage where it was asked for, and `[DONE]` last. */
function wholeStream(hasUsage: boolean): (body: string) => string | undefined {
  return (body) => {
    const frames = framesOf(body);
    if (typeof frames === "string") return frames;
    const chunks = frames.flatMap((frame) => (frame === "[DONE]" ? [] : [frame.json]));
    if (frames.at(-1) !== "[DONE]") return "the last frame is not [DONE]";
    if (valueAt(chunks[0], "choices.0.delta.role") !== "assistant") return "the first delta has no role";
    const finished = chunks.filter((chunk) => isText(valueAt(chunk, "choices.0.finish_reason"))).length;
    if (finished !== 1) return `${finished} deltas have a finish_reason`;
    const spent = chunks.filter((chunk) => isPositive(valueAt(chunk, "usage.prompt_tokens")));
    if (spent.length !== (hasUsage ? 1 : 0)) return `${spent.length} frames have usage`;
    return undefined;
  };
}

/** What the server says of itself. */
const info: readonly ContractRow[] = [
  { name: "a healthy /health takes a second", request: get("/health"), status: 200, flaw: empty, timing: "aSecond" },
  {
    name: "/health_generate is /health",
    request: get("/health_generate"),
    status: 200,
    flaw: empty,
    timing: "aSecond",
  },
  { name: "HEAD /health is refused", request: () => ({ method: "HEAD", path: "/health" }), status: 405 },
  { name: "POST /health is refused", request: () => ({ method: "POST", path: "/health" }), status: 405 },
  { name: "/ping checks nothing", request: get("/ping"), status: 200, flaw: empty, timing: "prompt" },
  {
    name: "/v1/models names the served model and its context",
    request: get("/v1/models"),
    status: 200,
    headers: { "content-type": "application/json" },
    timing: "prompt",
    flaw: holding({ object: is("list"), "data.0.id": isText, "data.0.max_model_len": isPositive }),
  },
  {
    name: "an unknown model is not listed",
    request: get("/v1/models/nope"),
    status: 404,
    flaw: holding({ "error.code": is("model_not_found"), "error.type": is("invalid_request_error") }),
  },
  {
    name: "/model_info tells the weights' version and the architecture",
    request: get("/model_info"),
    status: 200,
    timing: "prompt",
    flaw: holding({
      model_path: isText,
      weight_version: isText,
      "architectures.0": isText,
      has_image_understanding: is(true),
      is_generation: is(true),
    }),
  },
  {
    name: "/server_info tells arguments, capacity and the state of each rank",
    request: get("/server_info"),
    status: 200,
    flaw: holding({
      status: is("ready"),
      tp_size: isPositive,
      dp_size: isPositive,
      pp_size: isPositive,
      ep_size: isPositive,
      mem_fraction_static: isPositive,
      page_size: isPositive,
      kv_cache_dtype: isText,
      attention_backend: isText,
      "internal_states.0.prefill_attention_backend": isText,
      "internal_states.0.decode_attention_backend": isText,
      max_total_num_tokens: isPositive,
      max_req_input_len: isPositive,
      "internal_states.0.tp_size": isPositive,
      "internal_states.0.memory_usage.token_capacity": isPositive,
    }),
  },
  {
    name: "/v1/loads counts the requests",
    request: get("/v1/loads"),
    status: 200,
    flaw: holding({ "aggregate.total_reqs": (value) => typeof value === "number" }),
  },
  { name: "/weight_version is gone", request: get("/weight_version"), status: 404 },
  { name: "an unknown path is 404", request: get("/nope"), status: 404, flaw: exactly('{"detail":"Not Found"}') },
];

/** Requests that are served. */
const served: readonly ContractRow[] = [
  {
    name: "a chat answer has content, usage and the weights' version",
    request: chat(),
    status: 200,
    headers: { "content-type": "application/json" },
    flaw: holding({ ...chatAnswer, "choices.0.message.content": isText }),
  },
  {
    name: "an unknown model name is echoed, not refused",
    request: chat({ model: "nope" }),
    status: 200,
    flaw: holding({ ...chatAnswer, model: is("nope") }),
  },
  { name: "an unknown field is ignored", request: chat({ nope: 1 }), status: 200, flaw: holding(chatAnswer) },
  {
    name: "max_tokens 0 gives null content",
    request: chat({ max_tokens: 0 }),
    status: 200,
    flaw: holding({ "choices.0.message.content": is(null) }),
  },
  {
    name: "an answer that may not end stops at max_tokens",
    request: chat({ ignore_eos: true }),
    status: 200,
    flaw: holding({ "choices.0.finish_reason": is("length"), "usage.completion_tokens": is(8) }),
  },
  {
    name: "a stream ends with its finish reason and [DONE]",
    request: chat({ stream: true }),
    status: 200,
    headers: { "content-type": "text/event-stream" },
    flaw: wholeStream(false),
  },
  {
    name: "include_usage adds one frame with usage",
    request: chat({ stream: true, stream_options: { include_usage: true } }),
    status: 200,
    headers: { "content-type": "text/event-stream" },
    flaw: wholeStream(true),
  },
  {
    name: "logprobs come one a token",
    request: chat({ logprobs: true }),
    status: 200,
    flaw: holding({
      "choices.0.logprobs.content.0.token": isText,
      "choices.0.logprobs.content.0.logprob": (value) => typeof value === "number" && value <= 0,
    }),
  },
  {
    // 56 by 56 pixels are two by two patches of 28, after the server's own least size.
    name: "a picture costs prompt tokens",
    request: withPart({ type: "image_url", image_url: { url: redSquare() } }),
    status: 200,
    flaw: holding({ ...chatAnswer, "usage.prompt_tokens": (value) => typeof value === "number" && value > 15 }),
  },
];

/** Requests that are refused before they are admitted: harmless. */
const refused: readonly ContractRow[] = [
  { name: "malformed JSON", request: raw('{"messages": ['), ...badRequest(/JSON decode error/) },
  { name: "an empty body", request: raw(""), ...badRequest(/Field required/) },
  { name: "a wrong content type", request: raw("{}", { "content-type": "text/plain" }), ...badRequest(/content-type/) },
  { name: "no messages", request: raw('{"model":""}'), ...badRequest(/Field required/) },
  { name: "messages that are no list", request: chat({ messages: "hi" }), ...badRequest(/valid list/) },
  { name: "an unknown content part", request: withPart({ type: "hologram" }), ...badRequest(/validation error/) },
  {
    name: "empty messages",
    request: chat({ messages: [] }),
    status: 400,
    flaw: flatError(400, "BadRequestError", /^Messages cannot be empty\.$/),
  },
];

function badRequest(message: RegExp): Pick<ContractRow, "status" | "flaw"> {
  return { status: 400, flaw: flatError(400, "Bad Request", message) };
}

/** Requests that the server never forgets, nearly all refused after their admission, and what is left of it then. */
const poisonous: readonly ContractRow[] = [
  {
    // Served, but the server admits one request a choice and forgets the first alone.
    name: "n=2 gives two choices",
    request: chat({ n: 2 }),
    status: 200,
    flaw: holding({ ...chatAnswer, "choices.1.index": is(1) }),
    poisons: true,
  },
  {
    name: "a prompt above the context",
    request: (facts) => chat({ messages: [{ role: "user", content: longPrompt(facts) }] })(),
    status: 400,
    flaw: flatError(400, "BadRequestError", /^The input \(\d+ tokens\) is longer than the model's context length/),
    poisons: true,
  },
  {
    name: "max_tokens above the context",
    request: ({ contextLength }) => chat({ max_tokens: contextLength })(),
    status: 400,
    flaw: flatError(400, "BadRequestError", /^Requested token count exceeds the model's maximum context length/),
    poisons: true,
  },
  {
    name: "a negative temperature",
    request: chat({ temperature: -1 }),
    status: 400,
    flaw: flatError(400, "BadRequestError", /^temperature must be non-negative/),
    poisons: true,
  },
  ...["not streamed", "streamed"].map(
    (kind): ContractRow => ({
      name: `a picture that is none, ${kind}`,
      request: withPart(
        { type: "image_url", image_url: { url: "data:image/png;base64,bm90IGEgcGljdHVyZQ==" } },
        { stream: kind === "streamed" },
      ),
      status: 500,
      flaw: flatError(500, "InternalServerError", /while loading IMAGE data at index 0/),
      poisons: true,
    }),
  ),
  { name: "the next question is answered", request: chat(), status: 200, flaw: holding(chatAnswer), poisons: true },
  { name: "health is as before", request: get("/health"), status: 200, timing: "aSecond", poisons: true },
];

/** Everything that this project relies on, in the order in which it is asked. */
export const contract: readonly ContractRow[] = [...info, ...served, ...refused, ...poisonous];
