import type { Milliseconds } from "../core/units.ts";
import type { ProbeRequest } from "./http.ts";
import { shorten } from "./text.ts";

/** Tokens that an answer may take: room for a thinking model's thoughts before a short answer. */
const maxTokens = 512;

/** A whole, unstreamed chat answer. */
export interface ChatAnswer {
  readonly content: string;
  readonly finishReason: string | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** `metadata.weight_version`; undefined where the server sends none. */
  readonly weightVersion: string | undefined;
}

/** A chat request for one short answer at temperature 0. */
export function chatRequest(
  model: string,
  prompt: string,
  options: { readonly stream: boolean; readonly timeout: Milliseconds },
): ProbeRequest {
  return {
    method: "POST",
    path: "/v1/chat/completions",
    timeout: options.timeout,
    json: {
      model,
      messages: [{ role: "user", content: prompt }],
      temperature: 0,
      max_tokens: maxTokens,
      ...(options.stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    },
  };
}

/** Reads a chat answer; a text says what is wrong with it. */
export function parseChatAnswer(body: string): ChatAnswer | string {
  const parsed = parseJsonObject(body);
  if (parsed === undefined) return `the body is not a JSON object: "${shorten(body)}"`;
  const error = errorIn(parsed);
  if (error !== undefined) return `an error in a 200 answer: ${error}`;
  const choice = firstOf(parsed.choices);
  if (choice === undefined) return `no choices in the answer: "${shorten(body)}"`;
  const message = objectOf(choice.message);
  const content = message?.content;
  if (typeof content !== "string" || content.trim() === "") return "the answer has no content";
  const usage = objectOf(parsed.usage);
  const metadata = objectOf(parsed.metadata);
  const weightVersion = metadata?.weight_version;
  return {
    content,
    finishReason: typeof choice.finish_reason === "string" ? choice.finish_reason : null,
    promptTokens: Number(usage?.prompt_tokens ?? 0),
    completionTokens: Number(usage?.completion_tokens ?? 0),
    weightVersion: typeof weightVersion === "string" ? weightVersion : undefined,
  };
}

/**
 * The message of an error body: flat (`{"object":"error","message":…}`), in a stream (`{"error":{"message":…}}`), or
 * `{"error":"Unauthorized"}`. Undefined where there is none.
 */
export function errorIn(parsed: Readonly<Record<string, unknown>>): string | undefined {
  if (parsed.object === "error") return shorten(String(parsed.message ?? "no message"));
  const error = parsed.error;
  if (typeof error === "string") return shorten(error);
  const nested = objectOf(error);
  return nested === undefined ? undefined : shorten(String(nested.message ?? "no message"));
}

/** What a non-200 answer says of itself. */
export function describeRefusal(status: number, body: string): string {
  const parsed = parseJsonObject(body);
  const text = (parsed === undefined ? undefined : errorIn(parsed)) ?? shorten(body);
  return text === "" ? `HTTP ${status} with an empty body` : `HTTP ${status}: ${text}`;
}

/** Parses a JSON object; undefined for anything else. */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The value as an object with unknown fields; undefined for anything else. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  // A non-null, non-array object can be read by string keys.
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** The first object of a list; undefined where there is none. */
export function firstOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return Array.isArray(value) ? objectOf(value[0]) : undefined;
}
