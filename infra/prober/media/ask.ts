import type { Milliseconds } from "../../core/units.ts";
import { type ChatAnswer, chatRequest, describeRefusal, objectOf, parseChatAnswer } from "../chat.ts";
import { type Finding, unanswered } from "../check.ts";
import { modelOf } from "../expectations.ts";
import type { Session } from "../session.ts";
import { withoutThoughts } from "../text.ts";

/** An answer to a question with media. */
export interface MediaAnswer extends Pick<ChatAnswer, "promptTokens" | "finishReason"> {
  /** Without a thinking model's thoughts. */
  readonly text: string;
  readonly took: Milliseconds;
}

/** Tokens that a prompt must have grown by, both included. */
export interface TokenRange {
  readonly least: number;
  readonly most: number;
}

/** Asks a question with media before it, none for a text alone; a finding where no proper answer came. */
export async function askAbout(
  session: Session,
  question: { readonly text: string; readonly media: readonly object[] },
  timeout: Milliseconds,
): Promise<MediaAnswer | Finding> {
  const plain = chatRequest(modelOf(session.spec), question.text, { stream: false, timeout });
  const content = [...question.media, { type: "text", text: question.text }];
  return askBody(session, { ...objectOf(plain.json), messages: [{ role: "user", content }] }, timeout);
}

/** Sends a chat body; a finding where no proper answer of the expected revision came. */
export async function askBody(session: Session, json: object, timeout: Milliseconds): Promise<MediaAnswer | Finding> {
  const result = await session.ask({ method: "POST", path: "/v1/chat/completions", json, timeout });
  if (result.kind === "noAnswer") return unanswered("chat", result.reason);
  if (result.status !== 200) {
    return { outcome: "fail", reason: `chat: wanted 200, got ${describeRefusal(result.status, result.body)}.` };
  }
  if (result.cut !== undefined) return { outcome: "error", reason: `chat: ${result.cut}.` };
  const answer = parseChatAnswer(result.body);
  if (typeof answer === "string") return { outcome: "fail", reason: `${answer}.` };
  const wanted = session.spec.expectation.weightVersion;
  if (wanted !== undefined && answer.weightVersion !== wanted) {
    const got = answer.weightVersion ?? "none";
    return { outcome: "fail", reason: `metadata.weight_version: wanted ${wanted}, got ${got}.` };
  }
  const { promptTokens, finishReason } = answer;
  return { text: withoutThoughts(answer.content), promptTokens, finishReason, took: result.took };
}

/** What is wrong with the growth of a prompt by its media; undefined where it is as computed. */
export function growthFlaw(grown: number, { least, most }: TokenRange, what: string): string | undefined {
  if (grown >= least && grown <= most) return undefined;
  return `usage.prompt_tokens: wanted ${least} to ${most} more for ${what}, got ${grown} more`;
}

/** A `data:` picture or film as a content part. */
export function mediaPart(kind: "image" | "video", url: string, preprocess?: object): object {
  const inner = { url, ...(preprocess === undefined ? {} : { preprocess_kwargs: preprocess }) };
  return kind === "image" ? { type: "image_url", image_url: inner } : { type: "video_url", video_url: inner };
}
