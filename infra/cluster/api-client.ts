import type { IncomingMessage } from "node:http";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Clock } from "../core/clock.ts";
import type { DeployError } from "../core/errors.ts";
import type { Milliseconds } from "../core/units.ts";
import { type ApiResponse, refusedError, statusMessage, unreachableError } from "./api-errors.ts";
import type { ApiRequest } from "./api-request.ts";
import { HttpDoor } from "./http-attempt.ts";

/** How long faults of the connection are retried. */
export interface RetryBudgets {
  /** Before the server has ever answered: a wrong address must be told at once. */
  readonly firstContact: Milliseconds;
  /** Afterwards: long enough for an API server that restarts or is upgraded. */
  readonly established: Milliseconds;
}

const defaultBudgets: RetryBudgets = { firstContact: 3_000, established: 120_000 };
const longestPause = 5_000;
const responseTimeout = 60_000;
const transientStatuses = [429, 500, 502, 503, 504];

/** An applied object that does not fit the kind's schema is answered with 500, and will be again. */
const hopelessAnswer = /failed to create typed patch object/;

/** Codes of faults that another attempt cannot cure: the certificate is wrong, or the address is. */
const hopeless = /^(ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_SSL|HOSTNAME_MISMATCH|ERR_INVALID)/;

/**
 * Sends requests to one API server.
 *
 * A refused or cut connection and the answers 429, 500, 502, 503 and 504 are retried with growing pauses within
 * {@link RetryBudgets}; then it rejects with `ENV_UNREACHABLE`, or hands on the last answer. Others are not retried.
 * A request that was cut may have been carried out: callers make theirs safe to repeat.
 */
export class ApiClient {
  readonly #door: HttpDoor;
  readonly #clock: Clock;
  readonly #budgets: RetryBudgets;
  #hasAnswered = false;

  constructor(config: KubeConfig, clock: Clock, budgets: RetryBudgets = defaultBudgets) {
    this.#door = new HttpDoor(config);
    this.#clock = clock;
    this.#budgets = budgets;
  }

  /** URL of the API server. */
  get server(): string {
    return this.#door.server;
  }

  /** The answer to a request, whatever its status. */
  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    return this.#retried(signal, async () => {
      const message = await this.#door.open(request, responseTimeout, signal);
      return { status: message.statusCode ?? 0, body: await bodyOf(message) };
    });
  }

  /** The body of a successful answer; rejects with `E_API` for any other. The caller vouches for the type. */
  async call<T>(request: ApiRequest, signal: AbortSignal): Promise<T> {
    const response = await this.send(request, signal);
    if (response.status >= 300) throw refusedError(request, response);
    return response.body as T;
  }

  /** As {@link call}, with undefined for 404. */
  async find<T>(request: ApiRequest, signal: AbortSignal): Promise<T | undefined> {
    const response = await this.send(request, signal);
    if (response.status === 404) return undefined;
    if (response.status >= 300) throw refusedError(request, response);
    return response.body as T;
  }

  /** Opens a response whose body goes on, such as a watch. `stream` is absent unless it succeeds. */
  async open(
    request: ApiRequest,
    idleTimeout: Milliseconds,
    signal: AbortSignal,
  ): Promise<ApiResponse & { readonly stream?: IncomingMessage }> {
    return this.#retried(signal, async () => {
      const message = await this.#door.open(request, idleTimeout, signal);
      const status = message.statusCode ?? 0;
      return status < 300 ? { status, body: undefined, stream: message } : { status, body: await bodyOf(message) };
    });
  }

  /** Drops kept-alive connections. */
  close(): void {
    this.#door.close();
  }

  async #retried<R extends ApiResponse>(signal: AbortSignal, attempt: () => Promise<R>): Promise<R> {
    const startedAt = this.#clock.now();
    const budget = this.#hasAnswered ? this.#budgets.established : this.#budgets.firstContact;
    for (let tries = 0; ; tries++) {
      const outcome = await this.#tried(attempt, signal);
      if (outcome.kind === "answer" && !isTransient(outcome.response)) return outcome.response;
      const elapsed = this.#clock.now() - startedAt;
      const pause = Math.min(longestPause, 100 * 2 ** tries);
      const mayRetry = outcome.kind === "answer" || !isHopeless(outcome.error);
      if (mayRetry && elapsed + pause <= budget) {
        await this.#clock.sleep(pause, signal);
        continue;
      }
      if (outcome.kind === "answer") return outcome.response;
      throw this.#unreachable(elapsed, outcome.error);
    }
  }

  async #tried<R extends ApiResponse>(attempt: () => Promise<R>, signal: AbortSignal) {
    try {
      const response = await attempt();
      this.#hasAnswered = true;
      return { kind: "answer", response } as const;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      return { kind: "fault", error } as const;
    }
  }

  #unreachable(elapsed: Milliseconds, error: unknown): DeployError {
    return unreachableError(this.server, elapsed, error);
  }
}

/** Parsed only where the server calls it JSON: a container's log may look like it. */
async function bodyOf(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  const isJson = message.headers["content-type"]?.startsWith("application/json") === true;
  return isJson ? JSON.parse(text) : text;
}

function isTransient(response: ApiResponse): boolean {
  return transientStatuses.includes(response.status) && !hopelessAnswer.test(statusMessage(response.body));
}

function isHopeless(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return hopeless.test(code);
}
