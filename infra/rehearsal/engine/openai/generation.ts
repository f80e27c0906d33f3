import type { Prompt } from "../brain/answer.ts";
import { answer, distort } from "../brain/answer.ts";
import type { Engine } from "../engine.ts";
import { observe } from "../metrics.ts";
import { pieces } from "../tokens.ts";

/** Token that ends an answer of the Qwen3 vocabulary. */
const endOfText = 151_645;

/** One answer before it is sent, token by token. */
export interface Generation {
  /** Text of each token, without the one that ends it. */
  readonly tokens: readonly string[];
  /** Tokens that the model makes, the ending one included. */
  readonly count: number;
  readonly finishReason: "stop" | "length";
  readonly matchedStop: number | string | null;
}

/** How long an answer may get. */
export interface Bounds {
  readonly maxTokens: number;
  readonly ignoresEos: boolean;
  readonly stop: readonly string[];
}

/** What the model says to a prompt, under the engine's fault. */
export function think(engine: Engine, prompt: Prompt): string {
  const name = engine.fault?.name;
  if (name === "empty-answer") return "";
  if (name === "constant-answer") return "I am happy to help with that.";
  const hasMedia = prompt.pictures.length + prompt.films.length > 0;
  if (name === "vision-blind" && hasMedia)
    return "The picture shows a scene with soft light and several objects in it.";
  const text = answer(name === "frame-order-blind" ? shuffled(prompt) : prompt);
  return isWrong(engine, prompt) ? distort(text) : text;
}

function isWrong({ fault, metrics }: Engine, prompt: Prompt): boolean {
  switch (fault?.name) {
    case "wrong-answer":
      return true;
    case "swapped-experts":
      return checksum(prompt.question) % 3 === 0;
    case "wears-out":
      return metrics.requests >= fault.value;
    default:
      return false;
  }
}

/** The same conversation with the frames of its films in an order that says nothing of time: by their pixels. */
function shuffled(prompt: Prompt): Prompt {
  const films = prompt.films.map((frames) =>
    frames.toSorted((a, b) => Buffer.compare(Buffer.from(a.rgba), Buffer.from(b.rgba))),
  );
  return { ...prompt, films };
}

function checksum(text: string): number {
  return [...text].reduce((sum, letter) => (31 * sum + (letter.codePointAt(0) ?? 0)) >>> 0, 7);
}

/** Cuts an answer into tokens within its bounds. An answer that may not end goes on with more of the same. */
export function generation(text: string, bounds: Bounds): Generation {
  const stop = bounds.stop.find((word) => word !== "" && text.includes(word));
  const kept = stop === undefined ? text : text.slice(0, text.indexOf(stop));
  const tokens = pieces(kept);
  if (bounds.ignoresEos && stop === undefined) {
    const filler = [...tokens, "\n"];
    const endless = Array.from({ length: bounds.maxTokens }, (_, index) => filler[index % filler.length] ?? "\n");
    return { tokens: endless, count: bounds.maxTokens, finishReason: "length", matchedStop: null };
  }
  if (tokens.length + 1 > bounds.maxTokens) {
    return {
      tokens: tokens.slice(0, bounds.maxTokens),
      count: bounds.maxTokens,
      finishReason: "length",
      matchedStop: null,
    };
  }
  return { tokens, count: tokens.length + 1, finishReason: "stop", matchedStop: stop ?? endOfText };
}

/** Runs one generation on the scheduler; `onToken` gets each token's text as it is made when `isStreamed`. */
export async function runGeneration(
  engine: Engine,
  made: Generation,
  run: {
    readonly promptTokens: number;
    readonly isStreamed: boolean;
    readonly signal: AbortSignal;
    readonly onToken: (text: string | undefined) => void;
  },
): Promise<void> {
  const { scheduler, clock, metrics, fault } = engine;
  const start = clock.now();
  let seen = 0;
  await scheduler.run({
    promptTokens: run.promptTokens,
    outputTokens: made.count,
    delay: fault?.name === "slow-first-token" ? fault.value : 0,
    signal: run.signal,
    isStreamed: run.isStreamed,
    onTokens: (count) => {
      if (seen === 0) observe(metrics.firstToken, (clock.now() - start) / 1000);
      for (; seen < count; seen++) run.onToken(made.tokens[seen]);
    },
  });
  observe(metrics.latency, (clock.now() - start) / 1000);
  metrics.requests++;
  metrics.promptTokens += run.promptTokens;
  metrics.generatedTokens += made.count;
}

/** Token counts of an answer, as every endpoint reports them. */
export function usage(promptTokens: number, completionTokens: number): object {
  return {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completionTokens,
    completion_tokens: completionTokens,
    prompt_tokens_details: null,
    reasoning_tokens: 0,
  };
}
