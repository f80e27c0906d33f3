import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { textOf } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/units.ts";
import type { AskLater } from "./hub.ts";

/** Makes the headers that prove who asks for a URL. */
export type Authorize = (url: URL) => Promise<Readonly<Record<string, string>>>;

/** One request without a body. */
export interface GetRequest {
  readonly method?: "GET" | "HEAD";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called for the origin of `url` only: a redirect to another one gets none. */
  readonly authorize?: Authorize;
}

/** An answer of any status but a redirect. */
export interface GetAnswer {
  readonly kind: "answer";
  readonly status: number;
  readonly response: IncomingMessage;
  /** False where a redirect led to another origin, such as a CDN: what that one refuses says nothing of the hub. */
  readonly isOwnOrigin: boolean;
  /** The host that answered. Never the whole URL: behind a redirect it is signed. */
  readonly host: string;
}

const redirectLimit = 5;

/**
 * Asks once and follows redirects. Never throws for what the other side does; rejects with the reason of an aborted `signal`.
 *
 * Uses the process's own agent, so that Node's proxy variables (`NODE_USE_ENV_PROXY=1`) hold here too.
 */
export async function httpGet(request: GetRequest, signal: AbortSignal): Promise<GetAnswer | AskLater> {
  let url = request.url;
  for (let hop = 0; hop <= redirectLimit; hop++) {
    signal.throwIfAborted();
    const isOwnOrigin = url.origin === request.url.origin;
    const proof = isOwnOrigin ? await request.authorize?.(url) : undefined;
    let response: IncomingMessage;
    try {
      response = await send(url, { ...request, headers: { ...request.headers, ...proof } }, signal);
    } catch (error) {
      signal.throwIfAborted();
      return { kind: "later", reason: `${url.host}: ${reasonOf(error)}` };
    }
    const status = response.statusCode ?? 0;
    const next = redirectOf(response, url);
    if (next === undefined) return { kind: "answer", status, response, isOwnOrigin, host: url.host };
    response.resume();
    if (url.protocol === "https:" && next.protocol !== "https:") {
      return { kind: "later", reason: `${url.host} redirects from https to ${next.protocol}//${next.host}` };
    }
    url = next;
  }
  return { kind: "later", reason: `${request.url.host}: more than ${redirectLimit} redirects` };
}

function redirectOf(response: IncomingMessage, from: URL): URL | undefined {
  const { location } = response.headers;
  const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0);
  return isRedirect && location !== undefined && URL.canParse(location, from.href)
    ? new URL(location, from)
    : undefined;
}

function send(
  url: URL,
  { method = "GET", headers = {} }: Pick<GetRequest, "method" | "headers">,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const open = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // Ranges and sums are of the bytes as they lie at the source.
    const sent = open(url, { method, headers: { "accept-encoding": "identity", ...headers }, signal }, resolve);
    sent.on("error", reject);
    sent.end();
  });
}

/** What a failed connection means, in words. */
export function reasonOf(error: unknown): string {
  switch (error instanceof Error && "code" in error ? error.code : undefined) {
    case "ECONNREFUSED":
      return "connection refused";
    case "ECONNRESET":
      return "the connection was cut";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "host name not found";
    case "ETIMEDOUT":
      return "no connection within the system's time-out";
    default:
      return textOf(error);
  }
}

/** The answer as a reason to ask again, or undefined for a status that is final. */
export function laterOf({ status, response, isOwnOrigin, host }: GetAnswer): AskLater | undefined {
  // A CDN's 403 is a signature that has run out, its 404 a copy that is not there yet: the hub gives a new address.
  const isPassing =
    status === 408 || status === 425 || status === 429 || status >= 500 || (!isOwnOrigin && status >= 400);
  if (!isPassing) return undefined;
  const after = waitAskedBy(response);
  return { kind: "later", reason: `${host} answered ${status}`, ...(after === undefined ? {} : { after }) };
}

const longestWait: Milliseconds = 300_000;

/**
 * `Retry-After` in seconds, or the reset of the draft `RateLimit` header that the Hugging Face hub sends with a 429.
 * @see huggingface_hub 2.4.0, utils/_http.py, parse_ratelimit_headers: `"api";r=0;t=55`
 */
function waitAskedBy({ statusCode, headers }: IncomingMessage): Milliseconds | undefined {
  const limit = statusCode === 429 ? /;\s*t\s*=\s*(\d+)/.exec(String(headers.ratelimit ?? ""))?.[1] : undefined;
  const seconds = Number(headers["retry-after"] ?? limit);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, longestWait) : undefined;
}
