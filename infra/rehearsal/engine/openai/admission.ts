import type { Engine } from "../engine.ts";
import { newRid } from "../engine.ts";
import type { Exchange } from "../http/exchange.ts";
import { maxInput } from "../http/info.ts";
import { QueueFull } from "../scheduler.ts";
import { badRequest, RequestError } from "./error-body.ts";

/**
 * Runs a request under its rid. The rid is forgotten when the request succeeds, when its client leaves and when the queue
 * is full; a request that is refused in between is remembered for ever, which is the server's own defect.
 */
export async function admitted(
  engine: Engine,
  exchange: Exchange,
  rid: string | undefined,
  work: (rid: string) => Promise<void>,
): Promise<void> {
  engine.onTokenizerUse();
  const id = rid ?? newRid();
  if (engine.rids.has(id)) throw badRequest(`Duplicate request ID detected: ${id}`);
  engine.rids.add(id);
  try {
    await work(id);
    engine.rids.delete(id);
  } catch (error) {
    if (exchange.signal.aborted || error instanceof QueueFull) engine.rids.delete(id);
    if (exchange.signal.aborted) engine.metrics.aborted++;
    throw error;
  }
}

/** Sends what went wrong as the server does; passes on what is nobody's answer. */
export function sendError(exchange: Exchange, error: unknown): void {
  if (error instanceof RequestError) {
    exchange.send(error.status, error.body);
  } else if (error instanceof QueueFull) {
    exchange.send(503, { object: "error", message: queueFull, type: "503", param: null, code: 503 });
  } else {
    throw error;
  }
}

/** Sends a full queue into a stream, where it hides behind HTTP 200. */
export function streamQueueFull(exchange: Exchange): void {
  exchange.startEvents();
  // This one frame is written with Python's own spacing.
  exchange.event(
    `{"error": {"object": "error", "message": "${queueFull}", "type": "SERVICE_UNAVAILABLE", "param": null, "code": 503}}`,
  );
  exchange.event("[DONE]");
  exchange.endEvents();
}

const queueFull = "The request queue is full.";

/** Checks the lengths of a request, or throws the 400; returns the most tokens that the answer may have. */
export function checkLengths(engine: Engine, promptTokens: number, maxTokens: number | undefined): number {
  const context = engine.args.contextLength;
  if (promptTokens >= context) {
    throw badRequest(
      `The input (${promptTokens} tokens) is longer than the model's context length (${context} tokens).`,
    );
  }
  if (maxTokens !== undefined && promptTokens + maxTokens > context) {
    throw badRequest(
      `Requested token count exceeds the model's maximum context length of ${context} tokens. You requested a total of ` +
        `${promptTokens + maxTokens} tokens: ${promptTokens} tokens from the input messages and ${maxTokens} tokens for the ` +
        "completion. Please reduce the number of tokens in the input messages or the completion to fit within the limit.",
    );
  }
  const limit = maxInput(engine);
  if (promptTokens > limit) {
    throw badRequest(
      `Input length (${promptTokens} tokens) exceeds the maximum allowed length (${limit} tokens). ` +
        "Use a shorter input or enable --allow-auto-truncate.",
    );
  }
  return Math.max(0, maxTokens ?? context - promptTokens - 1);
}
