import { freshQuestion } from "../arithmetic.ts";
import { chatRequest, describeRefusal, errorIn, firstOf, objectOf, parseJsonObject } from "../chat.ts";
import { type Check, unanswered } from "../check.ts";
import { modelOf } from "../expectations.ts";
import { shorten } from "../text.ts";

const tool = {
  type: "function",
  function: {
    name: "add_numbers",
    description: "Adds two whole numbers and returns their sum.",
    parameters: {
      type: "object",
      properties: { a: { type: "integer" }, b: { type: "integer" } },
      required: ["a", "b"],
    },
  },
};

/** Offers one tool and wants it called with fresh numbers. */
export const toolCall: Check = {
  name: "tool-call",
  proves: "The declared tool call parser fits the model: a call arrives as a call, not as text.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 60,
  async run(session, timeoutSeconds) {
    const parser = session.spec.expectation.toolCallParser;
    if (parser === undefined) return { outcome: "skipped", reason: "No tool call parser is declared." };
    const numbers = freshQuestion(session.random).prompt.match(/\d+/g)?.map(Number) ?? [];
    const prompt = `Call the tool add_numbers with a = ${numbers[0]} and b = ${numbers[1]}.`;
    const request = chatRequest(modelOf(session.spec), prompt, { stream: false, timeout: timeoutSeconds * 1000 });
    const json = { ...objectOf(request.json), tools: [tool], tool_choice: "auto" };
    const result = await session.ask({ ...request, json });
    if (result.kind === "noAnswer") return unanswered("chat", result.reason);
    if (result.status !== 200) return { outcome: "fail", reason: `${describeRefusal(result.status, result.body)}.` };
    const flaw = toolCallFlaw(result.body, numbers);
    const facts = { parser, question: prompt, tookMs: result.took };
    if (flaw !== undefined) return { outcome: "fail", reason: `Parser ${parser}: ${flaw}.`, facts };
    return { outcome: "pass", reason: `add_numbers was called with ${numbers.join(" and ")}.`, facts };
  },
};

/** What keeps an answer from being one call of the tool with these numbers; undefined where nothing does. */
export function toolCallFlaw(body: string, numbers: readonly number[]): string | undefined {
  const parsed = parseJsonObject(body);
  if (parsed === undefined) return `the body is not a JSON object: "${shorten(body, 80)}"`;
  const error = errorIn(parsed);
  if (error !== undefined) return `an error in a 200 answer: ${error}`;
  const choice = firstOf(parsed.choices);
  const message = objectOf(choice?.message);
  const call = firstOf(message?.tool_calls);
  if (call === undefined) return `wanted a tool call, got the text "${shorten(String(message?.content ?? ""), 80)}"`;
  const called = objectOf(call.function);
  if (called?.name !== tool.function.name) return `wanted a call of add_numbers, got one of "${called?.name}"`;
  const given = parseJsonObject(String(called.arguments));
  const [a, b] = numbers;
  if (given?.a !== a || given?.b !== b) {
    return `wanted the arguments {"a":${a},"b":${b}}, got ${shorten(String(called.arguments), 80)}`;
  }
  if (choice?.finish_reason !== "tool_calls") {
    return `wanted the finish_reason tool_calls, got ${String(choice?.finish_reason)}`;
  }
  return undefined;
}
