import { freshQuestion, isRight } from "../arithmetic.ts";
import { chatRequest, describeRefusal } from "../chat.ts";
import { type Check, everyProfile, unanswered } from "../check.ts";
import { assembleStream, framesOf, type StreamedAnswer } from "../event-stream.ts";
import { modelOf } from "../expectations.ts";
import { shorten } from "../text.ts";

/** Asks one fresh sum with `stream: true` and follows the stream to its very end. */
export const streaming: Check = {
  name: "streaming",
  proves: "Streams begin, carry the right answer, say why they ended, report usage and close with [DONE].",
  profiles: everyProfile,
  timeoutSeconds: 60,
  async run(session, timeoutSeconds) {
    const question = freshQuestion(session.random);
    const request = chatRequest(modelOf(session.spec), question.prompt, {
      stream: true,
      timeout: timeoutSeconds * 1000,
    });
    const result = await session.ask(request);
    if (result.kind === "noAnswer") return unanswered("stream", result.reason);
    if (result.status !== 200) return { outcome: "fail", reason: `${describeRefusal(result.status, result.body)}.` };
    if (!result.contentType.startsWith("text/event-stream")) {
      return { outcome: "fail", reason: `content-type: wanted text/event-stream, got "${result.contentType}".` };
    }
    const answer = assembleStream(framesOf(result.chunks));
    if (typeof answer === "string") return { outcome: "fail", reason: `${answer}.` };
    const facts = {
      question: question.prompt,
      expected: question.answer,
      got: shorten(answer.content),
      deltas: answer.deltas,
      ttftMs: answer.firstTokenAt ?? null,
      longestPauseMs: answer.longestPause,
      tookMs: result.took,
    };
    const flaw =
      flawOf(answer, result.cut) ?? (isRight(question, answer.content) ? undefined : wrong(question, answer));
    if (flaw !== undefined) return { outcome: "fail", reason: `${flaw}.`, facts };
    const reason = `${answer.deltas} deltas, first token after ${answer.firstTokenAt} ms, whole after ${result.took} ms.`;
    return { outcome: "pass", reason, facts };
  },
};

function flawOf(answer: StreamedAnswer, cut: string | undefined): string | undefined {
  const got = `after ${answer.deltas} deltas`;
  if (!answer.isDone) return `the stream ended without [DONE] ${got}${cut === undefined ? "" : `: ${cut}`}`;
  if (answer.deltas === 0) return "the stream carried no content";
  if (answer.finishReason === undefined) return `no delta carries a finish_reason ${got}`;
  if (!answer.hasUsage) return "no usage frame, though stream_options.include_usage asked for one";
  return undefined;
}

function wrong(question: { readonly prompt: string; readonly answer: number }, answer: StreamedAnswer): string {
  return `"${question.prompt}": wanted ${question.answer}, got "${shorten(answer.content, 80)}"`;
}
