import { createHash } from "node:crypto";
import type { Json } from "../arguments/flags.ts";
import type { ChatRequest } from "./chat-request.ts";
import { objectOf } from "./chat-request.ts";
import type { Generation } from "./generation.ts";

/**
 * The text that the model makes for a request with tools or with thinking asked for, in the marks of the Qwen3 family: a
 * call of the first tool that takes the numbers of the question, or thoughts before the answer.
 */
export function spoken(request: ChatRequest, text: string): string {
  const call = toolCall(request);
  if (call !== undefined) return `<tool_call>\n${JSON.stringify(call)}\n</tool_call>`;
  return request.wantsThoughts ? `<think>\nI work it out step by step.\n</think>\n\n${text}` : text;
}

interface ToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, number>>;
}

function toolCall({ tools, messages }: ChatRequest): ToolCall | undefined {
  const question = messages.findLast(({ role }) => role === "user")?.text ?? "";
  const numbers = (question.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
  for (const tool of tools) {
    const called = objectOf(objectOf(tool)?.function);
    const names = Object.keys(objectOf(objectOf(called?.parameters)?.properties) ?? {});
    if (typeof called?.name !== "string" || names.length === 0 || names.length !== numbers.length) continue;
    const given = Object.fromEntries(names.map((name, index) => [name, numbers[index] ?? 0]));
    return { name: called.name, arguments: given };
  }
  return undefined;
}

/** What the server's parsers make of a finished text. Without its parser a mark stays in the content, as the model made it. */
export function parsedMessage(
  fields: Readonly<Record<string, Json>>,
  made: Generation,
): { readonly message: object; readonly finish: Pick<Generation, "finishReason" | "matchedStop"> | ToolFinish } {
  const text = made.tokens.join("");
  const thoughts = fields.reasoning_parser === null ? null : /^<think>\n([\s\S]*?)\n<\/think>\s*/.exec(text);
  const rest = thoughts === null ? text : text.slice(thoughts[0].length);
  const found = fields.tool_call_parser === null ? null : /<tool_call>\n([\s\S]*?)\n<\/tool_call>/.exec(rest);
  const reasoning_content = thoughts?.[1] ?? null;
  const called = found === null ? undefined : readCall(found[1] ?? "");
  if (called === undefined) {
    const content = rest === "" ? null : rest;
    return { message: { role: "assistant", content, reasoning_content, tool_calls: null }, finish: made };
  }
  const id = `call_${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
  const call = {
    id,
    index: 0,
    type: "function",
    function: { name: called.name, arguments: JSON.stringify(called.arguments) },
  };
  return {
    message: { role: "assistant", content: null, reasoning_content, tool_calls: [call] },
    finish: { finishReason: "tool_calls", matchedStop: null },
  };
}

/** Text between the marks that is no call stays text. */
function readCall(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const call = objectOf(JSON.parse(text));
    return typeof call?.name === "string" && objectOf(call.arguments) !== undefined ? call : undefined;
  } catch {
    return undefined;
  }
}

interface ToolFinish {
  readonly finishReason: "tool_calls";
  readonly matchedStop: null;
}
