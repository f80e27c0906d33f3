import type { Seconds } from "../../core/units.ts";
import { describeRefusal, parseChatAnswer } from "../chat.ts";
import { type Check, everyProfile, type Finding, unanswered } from "../check.ts";
import { modelOf } from "../expectations.ts";
import type { ProbeRequest } from "../http.ts";
import type { ProbePicture, Session } from "../session.ts";
import { shorten } from "../text.ts";
import { describeMatcher, type Matcher, mismatch } from "./matcher.ts";

/** One message of a chat. */
export interface UserMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** One check of a suite file. */
export interface UserCheck {
  readonly name: string;
  readonly messages: readonly UserMessage[];
  /** Sent with the last message. */
  readonly image:
    | { readonly mime: ProbePicture["mime"]; readonly bytes: Uint8Array; readonly file: string }
    | undefined;
  readonly matcher: Matcher;
  /** How often in a row the answer must be right. */
  readonly repeat: number;
  readonly severity: "critical" | "warning";
  /** For one answer. */
  readonly timeoutSeconds: Seconds;
  readonly maxTokens: number;
}

/** Makes a check of the prober from a check of a suite file. */
export function checkOf(user: UserCheck): Check {
  return {
    name: user.name,
    proves: `Yours: answers with ${describeMatcher(user.matcher)}${user.repeat === 1 ? "" : `, ${user.repeat} times in a row`}.`,
    profiles: everyProfile,
    severity: user.severity,
    timeoutSeconds: user.timeoutSeconds,
    deadlineSeconds: user.timeoutSeconds * (user.repeat + 2),
    async run(session, timeoutSeconds) {
      if (user.image !== undefined) session.show({ check: user.name, ...user.image, shows: user.image.file });
      let last: Finding = { outcome: "error", reason: "No question was asked." };
      for (let round = 1; round <= user.repeat; round++) {
        last = await askOnce(user, session, timeoutSeconds);
        const count = user.repeat === 1 ? "" : `Answer ${round} of ${user.repeat}: `;
        if (last.outcome !== "pass") return { ...last, reason: `${count}${last.reason}` };
      }
      const all = user.repeat === 1 ? "" : `${user.repeat} of ${user.repeat} right; the last: `;
      return { ...last, reason: `${all}${last.reason}` };
    },
  };
}

async function askOnce(user: UserCheck, session: Session, timeoutSeconds: Seconds): Promise<Finding> {
  const result = await session.ask(requestOf(user, modelOf(session.spec), timeoutSeconds));
  if (result.kind === "noAnswer") return unanswered("chat", result.reason);
  if (result.status !== 200) return { outcome: "fail", reason: `${describeRefusal(result.status, result.body)}.` };
  if (result.cut !== undefined) return { outcome: "error", reason: `chat: ${result.cut}.` };
  const answer = parseChatAnswer(result.body);
  if (typeof answer === "string") return { outcome: "fail", reason: `${answer}.` };
  const expected = describeMatcher(user.matcher);
  const facts = {
    question: shorten(user.messages.at(-1)?.content ?? ""),
    expected,
    got: shorten(answer.content),
    finishReason: answer.finishReason,
    completionTokens: answer.completionTokens,
    tookMs: result.took,
  };
  const flaw = mismatch(user.matcher, answer.content);
  if (flaw === undefined) return { outcome: "pass", reason: `${expected}, in ${result.took} ms.`, facts };
  const cut = answer.finishReason === "length" ? ` (cut off at ${user.maxTokens} tokens)` : "";
  return { outcome: "fail", reason: `wanted ${expected}, ${flaw}${cut}.`, facts };
}

function requestOf(user: UserCheck, model: string, timeoutSeconds: Seconds): ProbeRequest {
  const last = user.messages.length - 1;
  const messages = user.messages.map(({ role, content }, index) =>
    index === last && user.image !== undefined
      ? { role, content: [imagePart(user.image), { type: "text", text: content }] }
      : { role, content },
  );
  return {
    method: "POST",
    path: "/v1/chat/completions",
    timeout: timeoutSeconds * 1000,
    json: { model, messages, temperature: 0, max_tokens: user.maxTokens },
  };
}

function imagePart({ mime, bytes }: { readonly mime: string; readonly bytes: Uint8Array }): object {
  return {
    type: "image_url",
    image_url: { url: `data:${mime};base64,${Buffer.from(bytes).toString("base64")}` },
  };
}
