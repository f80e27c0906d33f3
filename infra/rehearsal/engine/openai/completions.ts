import type { Engine } from "../engine.ts";
import type { Exchange } from "../http/exchange.ts";
import { weightVersion } from "../http/info.ts";
import { countTokens } from "../tokens.ts";
import { admitted, checkLengths, sendError } from "./admission.ts";
import { generation, runGeneration, think, usage } from "./generation.ts";
import { readJsonBody } from "./validation.ts";

/** `POST /v1/completions`, not streamed. */
export async function completions(engine: Engine, exchange: Exchange): Promise<void> {
  try {
    const body = readJsonBody(exchange.path, exchange.header("content-type"), (await exchange.body()).toString("utf8"));
    const text = typeof body.prompt === "string" ? body.prompt : "";
    const wanted = typeof body.max_tokens === "number" ? body.max_tokens : 16;
    await admitted(engine, exchange, undefined, async (rid) => {
      const promptTokens = countTokens(text);
      const maxTokens = checkLengths(engine, promptTokens, wanted);
      const prompt = { conversation: text, question: text, pictures: [], films: [], wantsJson: false };
      const made = generation(think(engine, prompt), { maxTokens, ignoresEos: body.ignore_eos === true, stop: [] });
      await runGeneration(engine, made, {
        promptTokens,
        isStreamed: false,
        signal: exchange.signal,
        onToken: () => {},
      });
      const choice = {
        index: 0,
        text: made.tokens.join(""),
        logprobs: null,
        finish_reason: made.finishReason,
        matched_stop: made.matchedStop,
      };
      exchange.send(200, {
        id: rid,
        object: "text_completion",
        created: Math.floor(engine.clock.now() / 1000),
        model: typeof body.model === "string" ? body.model : "default",
        choices: [choice],
        usage: usage(promptTokens, made.count),
        metadata: { weight_version: weightVersion(engine) },
      });
    });
  } catch (error) {
    sendError(exchange, error);
  }
}
