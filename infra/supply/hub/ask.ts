import type { Clock } from "../../core/clock.ts";
import { DeployError } from "../../core/errors.ts";
import type { Bytes, Milliseconds } from "../../core/units.ts";
import { type GetAnswer, type GetRequest, httpGet, laterOf, reasonOf } from "./http-get.ts";
import type { AskLater } from "./hub.ts";

/** How often and how patiently is asked again. */
export interface Patience {
  /** Attempts in a row that bring nothing. */
  readonly attempts: number;
  /** Before the second attempt; doubles with each further one, up to 30 s. */
  readonly firstPause: Milliseconds;
  /** Without a byte for so long a connection counts as dead. */
  readonly stallAfter: Milliseconds;
  /** Dead connections in a row that bring nothing. */
  readonly stalls: number;
}

/** A minute and a half against a hub that is away, five minutes against one that holds the line and sends nothing. */
export const usualPatience: Patience = { attempts: 8, firstPause: 1_000, stallAfter: 60_000, stalls: 5 };

/** How long to wait before attempt `number + 1`: at least what the server asked for. A little random, so that nodes spread. */
export function pauseAfter(number: number, later: AskLater, { firstPause }: Patience): Milliseconds {
  const own = Math.min(firstPause * 2 ** (number - 1), 30_000) * (0.75 + Math.random() / 4);
  return Math.max(own, later.after ?? 0);
}

/** A whole small answer: metadata of a hub. */
export interface SmallAnswer {
  readonly status: number;
  readonly headers: GetAnswer["response"]["headers"];
  readonly text: string;
}

/** What asking for metadata needs. */
export interface Asking {
  readonly clock: Clock;
  readonly patience: Patience;
  /** The source, for messages. */
  readonly where: string;
  /** Told of each attempt that brought nothing and is made again. */
  readonly onNote?: (text: string) => void;
}

const largest: Bytes = 32 * 1024 * 1024;

/** Asks until an answer that is final comes, and reads it whole. Throws `ENV_UNREACHABLE` where none comes. */
export async function askSmall(request: GetRequest, asking: Asking, signal: AbortSignal): Promise<SmallAnswer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await askOnce(request, asking.patience.stallAfter, signal);
    if (answer.kind === "small") return answer;
    if (attempt >= asking.patience.attempts) {
      throw new DeployError({
        code: "ENV_UNREACHABLE",
        where: asking.where,
        message: `No usable answer in ${attempt} attempts; the last: ${answer.reason}.`,
        hint: `Check that ${request.url.host} is reachable from here, or set another endpoint; behind a proxy set HTTPS_PROXY and NODE_USE_ENV_PROXY=1.`,
      });
    }
    const pause = pauseAfter(attempt, answer, asking.patience);
    const count = `attempt ${attempt} of ${asking.patience.attempts}`;
    asking.onNote?.(`${count} brought nothing: ${answer.reason}; asking again in ${Math.ceil(pause / 1000)} s`);
    await asking.clock.sleep(pause, signal);
  }
}

async function askOnce(
  request: GetRequest,
  timeout: Milliseconds,
  signal: AbortSignal,
): Promise<({ readonly kind: "small" } & SmallAnswer) | AskLater> {
  const limit = AbortSignal.timeout(timeout);
  const either = AbortSignal.any([signal, limit]);
  try {
    const answer = await httpGet(request, either);
    if (answer.kind === "later") return answer;
    const later = laterOf(answer);
    const text = await readAll(answer.response);
    return later ?? { kind: "small", status: answer.status, headers: answer.response.headers, text };
  } catch (error) {
    signal.throwIfAborted();
    const reason = limit.aborted ? `no whole answer within ${timeout / 1000} s` : reasonOf(error);
    return { kind: "later", reason: `${request.url.host}: ${reason}` };
  }
}

async function readAll(response: GetAnswer["response"]): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response) {
    pieces.push(piece);
    size += piece.length;
    if (size > largest) throw new Error(`an answer longer than ${largest} bytes`);
  }
  if (!response.complete) throw new Error("the connection was cut");
  return Buffer.concat(pieces).toString("utf8");
}
