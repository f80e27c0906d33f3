import { freshQuestion, isRight } from "../arithmetic.ts";
import { chatRequest, describeRefusal, firstOf, objectOf, parseChatAnswer, parseJsonObject } from "../chat.ts";
import { type Check, type Finding, unanswered } from "../check.ts";
import { modelOf } from "../expectations.ts";
import { shorten } from "../text.ts";

/** Asks a fresh sum with thinking turned on, and wants thoughts and answer apart. */
export const reasoning: Check = {
  name: "reasoning",
  proves: "The declared reasoning parser fits the model: thoughts arrive beside the answer, not in it.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 120,
  async run(session, timeoutSeconds) {
    const parser = session.spec.expectation.reasoningParser;
    if (parser === undefined) return { outcome: "skipped", reason: "No reasoning parser is declared." };
    const question = freshQuestion(session.random);
    const request = chatRequest(modelOf(session.spec), question.prompt, {
      stream: false,
      timeout: timeoutSeconds * 1000,
    });
    // Thoughts take many more tokens than the answer.
    const thinking = { chat_template_kwargs: { enable_thinking: true }, max_tokens: 4096 };
    const result = await session.ask({ ...request, json: { ...objectOf(request.json), ...thinking } });
    if (result.kind === "noAnswer") return unanswered("chat", result.reason);
    if (result.status !== 200) return { outcome: "fail", reason: `${describeRefusal(result.status, result.body)}.` };
    const answer = parseChatAnswer(result.body);
    if (typeof answer === "string") return { outcome: "fail", reason: `Parser ${parser}: ${answer}.` };
    const thoughts = thoughtsIn(result.body);
    const facts = { parser, question: question.prompt, got: shorten(answer.content), thoughtLength: thoughts.length };
    return { ...judge(answer.content, thoughts, isRight(question, answer.content)), facts };
  },
};

function judge(content: string, thoughts: string, isAnswerRight: boolean): Finding {
  const got = shorten(content, 80);
  if (/<\/?think>/.test(content)) {
    return { outcome: "fail", reason: `wanted an answer without thoughts, got "${got}".` };
  }
  if (!isAnswerRight) return { outcome: "fail", reason: `wanted the right sum, got "${got}".` };
  if (thoughts === "") {
    return { outcome: "skipped", reason: "The model answered without thoughts, so the parser had nothing to part." };
  }
  return { outcome: "pass", reason: `${thoughts.length} characters of thoughts apart from the answer "${got}".` };
}

function thoughtsIn(body: string): string {
  const thoughts = objectOf(firstOf(parseJsonObject(body)?.choices)?.message)?.reasoning_content;
  return typeof thoughts === "string" ? thoughts.trim() : "";
}
