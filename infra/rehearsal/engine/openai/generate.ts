import type { Engine } from "../engine.ts";
import type { Exchange } from "../http/exchange.ts";
import { weightVersion } from "../http/info.ts";
import { countTokens } from "../tokens.ts";
import { admitted, checkLengths, sendError } from "./admission.ts";
import { objectOf } from "./chat-request.ts";
import { RequestError } from "./error-body.ts";
import { generation, runGeneration, think } from "./generation.ts";
import { readJsonBody } from "./validation.ts";

/** `POST /generate`, the native endpoint, with text and not streamed. */
export async function generate(engine: Engine, exchange: Exchange): Promise<void> {
  try {
    const body = readJsonBody(exchange.path, exchange.header("content-type"), (await exchange.body()).toString("utf8"));
    const text = typeof body.text === "string" ? body.text : "";
    const sampling = objectOf(body.sampling_params);
    const wanted = typeof sampling?.max_new_tokens === "number" ? sampling.max_new_tokens : 128;
    await admitted(engine, exchange, undefined, async (rid) => {
      const start = engine.clock.now();
      const promptTokens = countTokens(text);
      const maxTokens = checkLengths(engine, promptTokens, wanted);
      const prompt = { conversation: text, question: text, pictures: [], films: [], wantsJson: false };
      const made = generation(think(engine, prompt), {
        maxTokens,
        ignoresEos: sampling?.ignore_eos === true,
        stop: [],
      });
      await runGeneration(engine, made, {
        promptTokens,
        isStreamed: false,
        signal: exchange.signal,
        onToken: () => {},
      });
      const reason = made.finishReason === "length" ? { length: made.count } : { matched: made.matchedStop };
      exchange.send(200, {
        text: made.tokens.join(""),
        output_ids: made.tokens.map((token) => token.codePointAt(0) ?? 0),
        meta_info: {
          id: rid,
          finish_reason: { type: made.finishReason, ...reason },
          prompt_tokens: promptTokens,
          weight_version: weightVersion(engine),
          total_retractions: 0,
          reasoning_tokens: 0,
          completion_tokens: made.count,
          cached_tokens: 0,
          dp_rank: null,
          e2e_latency: (engine.clock.now() - start) / 1000,
        },
      });
    });
  } catch (error) {
    // The native endpoint has an error body of its own.
    if (error instanceof RequestError && error.type !== "Bad Request") {
      return exchange.send(error.status, { error: { message: error.message } });
    }
    sendError(exchange, error);
  }
}
