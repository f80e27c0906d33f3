import { badRequest, RequestError } from "./error-body.ts";
import { PythonText, pythonFloat } from "./python-repr.ts";
import type { Complaint } from "./validation.ts";
import { validationError } from "./validation.ts";

/** A picture or video that a message carries, as it was sent. */
export interface MediaPart {
  readonly kind: "image" | "video";
  readonly url: string;
  readonly detail: string;
  /** The fork's own: sizes and frame rate. */
  readonly preprocess: Readonly<Record<string, unknown>> | undefined;
}

export interface ChatMessage {
  readonly role: string;
  readonly text: string;
  readonly media: readonly MediaPart[];
}

/** A chat request that passed pydantic. Values that the tokenizer checks later are still as they came. */
export interface ChatRequest {
  /** Echoed, never checked. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly isStreamed: boolean;
  readonly includesUsage: boolean;
  readonly hasContinuousUsage: boolean;
  readonly n: number;
  /** Undefined: until the context ends. */
  readonly maxTokens: number | undefined;
  readonly temperature: number;
  readonly topP: number;
  readonly ignoresEos: boolean;
  readonly wantsJson: boolean;
  readonly hasLogprobs: boolean;
  /** Alternatives that are told for each token. */
  readonly topLogprobs: number;
  readonly stop: readonly string[];
  /** As they came; none where `tool_choice` is `none`. */
  readonly tools: readonly unknown[];
  /** `chat_template_kwargs.enable_thinking`. */
  readonly wantsThoughts: boolean;
  readonly rid: string | undefined;
}

const path = "/v1/chat/completions";
const roles = ["system", "developer", "user", "assistant", "tool", "function"];

/** Reads the body of a chat request, or throws the 400 that the server gives. */
export function readChatRequest(body: Record<string, unknown>): ChatRequest {
  const complaints = complaintsOf(body);
  if (complaints.length > 0) throw validationError(path, complaints);
  // complaintsOf has found a list of objects with known roles.
  const messages = (body.messages as readonly Record<string, unknown>[]).map(readMessage);
  if (messages.length === 0) throw badRequest("Messages cannot be empty.");
  const options = objectOf(body.stream_options);
  const stop = body.stop;
  return {
    model: typeof body.model === "string" ? body.model : "default",
    messages,
    isStreamed: body.stream === true,
    includesUsage: options?.include_usage === true,
    hasContinuousUsage: options?.continuous_usage_stats === true,
    n: numberOf(body.n) ?? 1,
    maxTokens: numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens),
    temperature: numberOf(body.temperature) ?? 1,
    topP: numberOf(body.top_p) ?? 1,
    ignoresEos: body.ignore_eos === true,
    wantsJson: String(objectOf(body.response_format)?.type ?? "").startsWith("json"),
    hasLogprobs: body.logprobs === true,
    topLogprobs: numberOf(body.top_logprobs) ?? 0,
    stop: typeof stop === "string" ? [stop] : Array.isArray(stop) ? stop.map(String) : [],
    tools: Array.isArray(body.tools) && body.tool_choice !== "none" ? body.tools : [],
    wantsThoughts: objectOf(body.chat_template_kwargs)?.enable_thinking === true,
    rid: ridOf(body.rid),
  };
}

/** What the tokenizer refuses after the request was admitted: such a request is never forgotten by the drain. */
export function checkSampling(request: ChatRequest): void {
  if (request.temperature < 0) {
    throw badRequest(`temperature must be non-negative, got ${pythonFloat(request.temperature)}.`);
  }
  if (!(request.topP > 0 && request.topP <= 1)) {
    throw badRequest(`top_p must be in (0, 1], got ${pythonFloat(request.topP)}.`);
  }
}

/** `n: 0` dies in a `range()` of the server, after validation and before admission. */
export function checkCount(request: ChatRequest): void {
  if (request.n < 1) throw new RequestError(400, "BadRequest", "range() arg 3 must not be zero");
}

function complaintsOf(body: Record<string, unknown>): readonly Complaint[] {
  const found: Complaint[] = [];
  const messages = body.messages;
  if (messages === undefined) {
    // The server fills in tool_choice before it validates.
    const input = "tool_choice" in body ? body : { ...body, tool_choice: "none" };
    found.push({ type: "missing", loc: ["body", "messages"], msg: "Field required", input });
  } else if (!Array.isArray(messages)) {
    const msg = "Input should be a valid list";
    found.push({ type: "list_type", loc: ["body", "messages"], msg, input: messages });
  } else {
    found.push(...messages.flatMap((message, index) => messageComplaints(objectOf(message) ?? {}, index)));
  }
  for (const [name, kind] of numeric) {
    const value = body[name];
    if (value === undefined || value === null || typeof value === "number") continue;
    if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) continue;
    const [type, what] = kind === "int" ? ["int", "integer"] : ["float", "number"];
    const isText = typeof value === "string";
    found.push({
      type: isText ? `${type}_parsing` : `${type}_type`,
      loc: ["body", name],
      msg: `Input should be a valid ${what}${isText ? `, unable to parse string as ${kind === "int" ? "an integer" : "a number"}` : ""}`,
      input: value,
    });
  }
  return found;
}

const numeric: readonly (readonly [name: string, kind: "int" | "float"])[] = [
  ["max_tokens", "int"],
  ["max_completion_tokens", "int"],
  ["n", "int"],
  ["temperature", "float"],
  ["top_p", "float"],
  ["top_k", "int"],
];

function messageComplaints(message: Readonly<Record<string, unknown>>, index: number): readonly Complaint[] {
  const role = message.role;
  const generic = ["body", "messages", index, "ChatCompletionMessageGenericParam"];
  const user = ["body", "messages", index, "ChatCompletionMessageUserParam"];
  const isKnown = typeof role === "string" && roles.includes(role.toLowerCase());
  const content = message.content;
  const parts = Array.isArray(content) ? content.map(objectOf) : [];
  const isReadable = parts.every((part) =>
    ["text", "image_url", "video_url", "audio_url"].includes(String(part?.type)),
  );
  if (isKnown && isReadable && (content !== undefined || role !== "user")) return [];
  const found: Complaint[] = [];
  if (role !== "system" && role !== "assistant") {
    const known = "'role' must be one of 'system', 'developer', 'assistant', 'tool', or 'function' (case-insensitive).";
    found.push({
      type: "value_error",
      loc: [...generic, "role"],
      msg: `Value error, ${known}`,
      input: role,
      ctx: { error: new PythonText(`ValueError("${known}")`) },
    });
  }
  if (role !== "user") {
    const msg = "Input should be 'user'";
    found.push({ type: "literal_error", loc: [...user, "role"], msg, input: role, ctx: { expected: "'user'" } });
  }
  if (!isReadable) {
    const msg = "Input should be a valid string";
    found.push({ type: "string_type", loc: [...user, "content", "str"], msg, input: content });
  } else if (content === undefined) {
    found.push({ type: "missing", loc: [...user, "content"], msg: "Field required", input: message });
  }
  return found;
}

function readMessage(message: Readonly<Record<string, unknown>>): ChatMessage {
  const role = String(message.role).toLowerCase();
  const content = message.content;
  if (!Array.isArray(content)) return { role, text: typeof content === "string" ? content : "", media: [] };
  const parts = content.map((part) => objectOf(part) ?? {});
  const text = parts.filter((part) => part.type === "text").map((part) => String(part.text ?? ""));
  return { role, text: text.join("\n"), media: parts.flatMap(readMedia) };
}

function readMedia(part: Readonly<Record<string, unknown>>): readonly MediaPart[] {
  const kind = part.type === "image_url" ? "image" : part.type === "video_url" ? "video" : undefined;
  if (kind === undefined) return [];
  const link = objectOf(part[`${kind}_url`]) ?? { url: part[`${kind}_url`] };
  const preprocess = objectOf(link.preprocess_kwargs);
  return [{ kind, url: String(link.url ?? ""), detail: String(link.detail ?? "auto"), preprocess }];
}

/** A JSON object, or undefined. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return { ...value };
}

/** One request has one rid; a list of another length is refused before admission. */
function ridOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  if (value.length !== 1) {
    throw badRequest("The specified rids length mismatch with the batch_size for batch processing.");
  }
  return String(value[0]);
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : undefined;
}
