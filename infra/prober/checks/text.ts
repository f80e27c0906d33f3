import { freshQuestion, isRight } from "../arithmetic.ts";
import { chatRequest, describeRefusal, parseChatAnswer } from "../chat.ts";
import { type Check, everyProfile, type Finding, unanswered } from "../check.ts";
import { modelOf, roundsOf } from "../expectations.ts";
import type { Session } from "../session.ts";
import { shorten } from "../text.ts";

/** Asks fresh sums, one after another; each answer must be right and come from the expected revision. */
export const text: Check = {
  name: "text",
  proves: "The weights are loaded and make sense: fresh questions with one right answer each are answered rightly.",
  profiles: everyProfile,
  timeoutSeconds: 60,
  async run(session, timeoutSeconds) {
    const rounds = roundsOf(session.spec);
    let last: Finding = { outcome: "error", reason: "No question was asked." };
    for (let round = 1; round <= rounds; round++) {
      last = await askOnce(session, timeoutSeconds * 1000);
      if (last.outcome !== "pass") return { ...last, reason: `Question ${round} of ${rounds}: ${last.reason}` };
    }
    return { ...last, reason: `${rounds} of ${rounds} fresh sums right; the last: ${last.reason}` };
  },
};

async function askOnce(session: Session, timeout: number): Promise<Finding> {
  const question = freshQuestion(session.random);
  const result = await session.ask(chatRequest(modelOf(session.spec), question.prompt, { stream: false, timeout }));
  if (result.kind === "noAnswer") return unanswered("chat", result.reason);
  if (result.status !== 200) return { outcome: "fail", reason: `${describeRefusal(result.status, result.body)}.` };
  if (result.cut !== undefined) return { outcome: "error", reason: `chat: ${result.cut}.` };
  const answer = parseChatAnswer(result.body);
  if (typeof answer === "string") return { outcome: "fail", reason: `${answer}.` };
  const facts = {
    question: question.prompt,
    expected: question.answer,
    got: shorten(answer.content),
    finishReason: answer.finishReason,
    completionTokens: answer.completionTokens,
    tookMs: result.took,
    weightVersion: answer.weightVersion ?? null,
  };
  if (!isRight(question, answer.content)) {
    const cut = answer.finishReason === "length" ? " (cut off at max_tokens)" : "";
    const reason = `"${question.prompt}": wanted ${question.answer}, got "${shorten(answer.content, 80)}"${cut}.`;
    return { outcome: "fail", reason, facts };
  }
  if (answer.completionTokens <= 0) {
    return { outcome: "fail", reason: "usage.completion_tokens: wanted more than 0, got 0.", facts };
  }
  const wanted = session.spec.expectation.weightVersion;
  if (wanted !== undefined && answer.weightVersion !== wanted) {
    const got = answer.weightVersion ?? "none";
    const reason = `metadata.weight_version: wanted ${wanted}, got ${got}: another revision answered.`;
    return { outcome: "fail", reason, facts };
  }
  return { outcome: "pass", reason: `${question.answer} in ${result.took} ms.`, facts };
}
