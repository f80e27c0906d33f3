import type { Milliseconds } from "../../core/units.ts";
import { chatRequest, describeRefusal, firstOf, objectOf, parseChatAnswer, parseJsonObject } from "../chat.ts";
import { type Finding, unanswered } from "../check.ts";
import { modelOf } from "../expectations.ts";
import type { Session } from "../session.ts";
import { withoutThoughts } from "../text.ts";
import type { TokenChance, TokenChoice } from "./document.ts";
import type { Golden } from "./goldens.ts";

/** Places of an answer whose chances are kept. */
const places = 8;
const topTokens = 5;

/** One answer to a golden prompt. */
export interface GoldenAnswer {
  readonly text: string;
  /** Empty where the server gives no logprobs. */
  readonly fingerprint: readonly TokenChoice[];
  readonly weightVersion: string | null;
}

/** Asks a golden prompt once; a finding says why there is no answer to compare. */
export async function askGolden(
  session: Session,
  golden: Golden,
  timeout: Milliseconds,
): Promise<GoldenAnswer | Finding> {
  const request = chatRequest(modelOf(session.spec), golden.prompt, { stream: false, timeout });
  // An open question is asked for its beginning only.
  const length = golden.expects === undefined ? { max_tokens: places } : {};
  const json = { ...objectOf(request.json), ...length, logprobs: true, top_logprobs: topTokens };
  const result = await session.ask({ ...request, json });
  if (result.kind === "noAnswer") return unanswered("chat", result.reason);
  if (result.status !== 200) {
    return { outcome: "fail", reason: `"${golden.prompt}": ${describeRefusal(result.status, result.body)}.` };
  }
  if (result.cut !== undefined) return { outcome: "error", reason: `chat: ${result.cut}.` };
  const fingerprint = fingerprintIn(result.body);
  const answer = parseChatAnswer(result.body);
  if (typeof answer !== "string") {
    const text = withoutThoughts(answer.content).trim();
    return { text, fingerprint, weightVersion: answer.weightVersion ?? null };
  }
  // Where thoughts are kept apart, the beginning of an open answer is all thoughts.
  if (golden.expects === undefined && fingerprint.length > 0) return { text: "", fingerprint, weightVersion: null };
  return { outcome: "fail", reason: `"${golden.prompt}": ${answer}.` };
}

/** The first places of `choices[0].logprobs.content`; empty where there are none. */
export function fingerprintIn(body: string): readonly TokenChoice[] {
  const content = objectOf(firstOf(parseJsonObject(body)?.choices)?.logprobs)?.content;
  if (!Array.isArray(content)) return [];
  return content.slice(0, places).flatMap((item: unknown) => {
    const place = objectOf(item);
    const top = chancesIn(place?.top_logprobs);
    return typeof place?.token === "string" && top.length > 0 ? [{ token: place.token, top }] : [];
  });
}

function chancesIn(value: unknown): readonly TokenChance[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    const chance = objectOf(item);
    if (typeof chance?.token !== "string" || typeof chance.logprob !== "number") return [];
    return [{ token: chance.token, logprob: Math.round(chance.logprob * 10_000) / 10_000 }];
  });
}
