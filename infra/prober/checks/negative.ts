import { freshQuestion, isRight } from "../arithmetic.ts";
import { chatRequest, firstOf, parseChatAnswer, parseJsonObject } from "../chat.ts";
import { type Check, type Finding, unanswered } from "../check.ts";
import { modelOf } from "../expectations.ts";
import type { Session } from "../session.ts";
import { shorten } from "../text.ts";

/** A wrong request, and the error that the server documents for it. */
interface WrongRequest {
  readonly what: string;
  /** The user message's content; undefined where it cannot be made for this engine. */
  readonly content: (contextLength: number | undefined) => unknown;
  readonly status: number;
  readonly type: string;
  readonly message: RegExp;
}

/** @see sglang keye-vl-v2-30b-release, srt/entrypoints/openai/serving_base.py, create_error_response */
const wrongRequests: readonly WrongRequest[] = [
  {
    what: "a picture that is none",
    // A PNG's first bytes and nothing after them.
    content: () => parts({ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }),
    status: 500,
    type: "InternalServerError",
    message: /while loading IMAGE data at index 0/,
  },
  {
    what: "a content part of an unknown type",
    content: () => parts({ type: "hologram", hologram: {} }),
    status: 400,
    type: "Bad Request",
    message: /validation error/,
  },
  {
    what: "a prompt above the context",
    content: (contextLength) => (contextLength === undefined ? undefined : "hello ".repeat(contextLength + 64)),
    status: 400,
    type: "BadRequestError",
    message: /longer than the model's context length|exceeds the maximum allowed length/,
  },
];

/**
 * Sends wrong requests, and a right one after each. The server never forgets a request that it refused after admission:
 * its drain then lasts until it is killed. So nothing is sent unless the target is thrown away afterwards.
 */
export const negative: Check = {
  name: "negative",
  proves: "Wrong requests get the documented errors and leave the next request working.",
  profiles: ["soak"],
  timeoutSeconds: 60,
  async run(session, timeoutSeconds) {
    const { profile, isDisposable } = session.spec;
    if (profile !== "soak" || isDisposable !== true) {
      const reason = "Wrong requests keep an engine's drain from ever ending, and this one was not called disposable.";
      return { outcome: "skipped", reason };
    }
    const timeout = timeoutSeconds * 1000;
    const contextLength = session.spec.expectation.contextLength ?? (await contextOf(session, timeout));
    let asked = 0;
    for (const wrong of wrongRequests) {
      const content = wrong.content(contextLength);
      if (content === undefined) continue;
      const flaw = (await refusal(session, wrong, content, timeout)) ?? (await nextAnswer(session, wrong, timeout));
      if (flaw !== undefined) return flaw;
      asked++;
    }
    const left = asked < wrongRequests.length ? "; the context's length is unknown, so no prompt was too long" : "";
    const reason = `${asked} wrong requests got their documented errors, and the next ones were answered${left}.`;
    return { outcome: "pass", reason, facts: { asked } };
  },
};

function parts(wrong: object): readonly object[] {
  return [wrong, { type: "text", text: "What is it?" }];
}

/** The context that the server lists; undefined where it lists none. */
async function contextOf(session: Session, timeout: number): Promise<number | undefined> {
  const result = await session.ask({ method: "GET", path: "/v1/models", timeout });
  if (result.kind === "noAnswer") return undefined;
  const listed = firstOf(parseJsonObject(result.body)?.data)?.max_model_len;
  return typeof listed === "number" ? listed : undefined;
}

/** Sends a wrong request; a finding where the answer is not the documented error. */
async function refusal(
  session: Session,
  wrong: WrongRequest,
  content: unknown,
  timeout: number,
): Promise<Finding | undefined> {
  const json = { model: modelOf(session.spec), temperature: 0, max_tokens: 8, messages: [{ role: "user", content }] };
  const result = await session.ask({ method: "POST", path: "/v1/chat/completions", json, timeout });
  if (result.kind === "noAnswer") return unanswered(wrong.what, result.reason);
  const { type, message } = parseJsonObject(result.body) ?? {};
  const isDocumented =
    result.status === wrong.status && type === wrong.type && wrong.message.test(String(message ?? ""));
  if (isDocumented) return undefined;
  const got = `${result.status} ${typeof type === "string" ? type : "without a type"}: "${shorten(String(message ?? result.body), 80)}"`;
  const reason = `${wrong.what}: wanted ${wrong.status} ${wrong.type} with ${wrong.message}, got ${got}.`;
  return { outcome: "fail", reason };
}

/** Asks a fresh sum after a wrong request; a finding where it is not answered rightly. */
async function nextAnswer(session: Session, wrong: WrongRequest, timeout: number): Promise<Finding | undefined> {
  const question = freshQuestion(session.random);
  const result = await session.ask(chatRequest(modelOf(session.spec), question.prompt, { stream: false, timeout }));
  if (result.kind === "noAnswer") return unanswered(`the request after ${wrong.what}`, result.reason);
  const answer = parseChatAnswer(result.body);
  if (typeof answer !== "string" && result.status === 200 && isRight(question, answer.content)) return undefined;
  const got = typeof answer === "string" ? `${result.status}, ${answer}` : `"${shorten(answer.content, 80)}"`;
  const reason = `the request after ${wrong.what}: wanted ${question.answer}, got ${got}.`;
  return { outcome: "fail", reason };
}
