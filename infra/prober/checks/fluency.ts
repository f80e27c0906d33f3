import { chatRequest, describeRefusal, parseChatAnswer } from "../chat.ts";
import { type Check, unanswered } from "../check.ts";
import { degeneration } from "../degenerate.ts";
import { modelOf } from "../expectations.ts";
import { shorten, withoutThoughts } from "../text.ts";

const topics = ["the sea", "a forest in autumn", "a busy market", "the night sky", "an old town"] as const;
/** Fewer words are no fluent answer. */
const fewestWords = 6;

/** Asks one open question and looks at the form of the answer, not at what it says. */
export const fluency: Check = {
  name: "fluency",
  proves: "A longer answer is text: no loops, no garbage characters, in the language of the question.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 60,
  async run(session, timeoutSeconds) {
    const topic = topics[Math.floor(session.random() * topics.length)] ?? topics[0];
    const prompt = `Describe ${topic} in three sentences.`;
    const result = await session.ask(
      chatRequest(modelOf(session.spec), prompt, { stream: false, timeout: timeoutSeconds * 1000 }),
    );
    if (result.kind === "noAnswer") return unanswered("chat", result.reason);
    if (result.status !== 200) return { outcome: "fail", reason: `${describeRefusal(result.status, result.body)}.` };
    if (result.cut !== undefined) return { outcome: "error", reason: `chat: ${result.cut}.` };
    const answer = parseChatAnswer(result.body);
    if (typeof answer === "string") return { outcome: "fail", reason: `${answer}.` };
    const text = withoutThoughts(answer.content);
    const words = text.split(/\s+/).filter((word) => word !== "").length;
    const facts = {
      question: prompt,
      got: shorten(text),
      words,
      finishReason: answer.finishReason,
      tookMs: result.took,
    };
    const flaw =
      degeneration(answer.content) ??
      (words < fewestWords && answer.finishReason !== "length"
        ? `wanted at least ${fewestWords} words, got ${words}`
        : undefined);
    if (flaw !== undefined) return { outcome: "fail", reason: `"${prompt}": ${flaw}: "${shorten(text, 80)}".`, facts };
    return { outcome: "pass", reason: `${words} words without loops, garbage or a change of language.`, facts };
  },
};
