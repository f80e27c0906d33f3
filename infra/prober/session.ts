import type { Clock } from "../core/clock.ts";
import type { ProbeSpec } from "../core/probe-spec.ts";
import type { Milliseconds } from "../core/units.ts";
import type { Baseline, NoBaseline } from "./baseline/document.ts";
import { type Exchange, exchange, type ProbeRequest } from "./http.ts";
import type { ProbeTarget } from "./target.ts";

/** How often a request is sent again when no answer came. Model answers are never asked for again until they please. */
const transportRetries = 2;
const firstBackoff: Milliseconds = 250;

/** A picture that was sent to an engine, for reports that show it beside the answer. */
export interface ProbePicture {
  readonly check: string;
  readonly mime: "image/png" | "image/jpeg";
  readonly bytes: Uint8Array;
  /** What it shows, such as `code K7Q2 on red`. */
  readonly shows: string;
}

/** What a session needs beside target and spec. */
export interface SessionOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Numbers from 0 up to, not including, 1: from a seed, so that a run can be repeated. */
  readonly random: () => number;
  readonly onPicture?: (picture: ProbePicture) => void;
  /** What the engine is compared with, or why with nothing. */
  readonly baseline?: Baseline | NoBaseline;
}

/** Sends the requests of one measurement, retries what never reached the engine, and counts both. */
export class Session {
  readonly target: ProbeTarget;
  readonly spec: ProbeSpec;
  readonly random: () => number;
  readonly clock: Clock;
  readonly baseline: Baseline | NoBaseline;
  readonly #signal: AbortSignal;
  readonly #onPicture: ((picture: ProbePicture) => void) | undefined;
  #attempts = 0;
  #transportErrors = 0;
  #lastRequest: string | undefined;

  constructor(target: ProbeTarget, spec: ProbeSpec, options: SessionOptions) {
    this.target = target;
    this.spec = spec;
    this.random = options.random;
    this.clock = options.clock;
    this.baseline = options.baseline ?? { because: "No baseline was given to compare with." };
    this.#signal = options.signal;
    this.#onPicture = options.onPicture;
  }

  /** Whether anybody looks at the pictures: what only reports need is not drawn otherwise. */
  get isWatched(): boolean {
    return this.#onPicture !== undefined;
  }

  /** Hands a picture that is sent to the reports. */
  show(picture: ProbePicture): void {
    this.#onPicture?.(picture);
  }

  get attempts(): number {
    return this.#attempts;
  }

  get transportErrors(): number {
    return this.#transportErrors;
  }

  /** Method and path of the request that was sent last; undefined before the first. */
  get lastRequest(): string | undefined {
    return this.#lastRequest;
  }

  /**
   * Sends a request. A refused, reset or queue-full one is sent again, at most twice, with a growing pause; one that
   * timed out is not, since its whole time is spent.
   */
  async ask(request: ProbeRequest): Promise<Exchange> {
    this.#lastRequest = `${request.method} ${request.path}`;
    for (let retry = 0; ; retry++) {
      this.#attempts++;
      const result = await exchange(this.target, request, this.#signal);
      if (!isTransient(result) || retry === transportRetries) return result;
      this.#transportErrors++;
      await this.clock.sleep(firstBackoff * 2 ** retry, this.#signal);
    }
  }
}

/** A full queue is worth a second try: the engine says so itself before it looks at the question. */
function isTransient(result: Exchange): boolean {
  if (result.kind === "noAnswer") return !result.timedOut;
  return result.status === 429 || (result.status === 503 && result.body.includes("queue is full"));
}
