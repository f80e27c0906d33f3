import { setImmediate } from "node:timers/promises";
import type { Engine } from "../engine.ts";
import type { Exchange } from "./exchange.ts";

/**
 * `GET /health` and `/health_generate`: a one-token generation, looked at once a second, so that a healthy answer takes at
 * least a second and a stuck scheduler shows after SGLANG_HEALTH_CHECK_TIMEOUT (20 s).
 *
 * @see sglang keye-vl-v2-30b-release, `srt/entrypoints/http_server.py`, `health_generate`
 */
export async function health(engine: Engine, exchange: Exchange): Promise<void> {
  if (engine.isDraining) {
    engine.log.message("Health check request received during shutdown. Returning 503.");
    return exchange.send(503);
  }
  if (engine.status === "Starting") return exchange.send(503);
  const generates =
    engine.fault?.name !== "dead-scheduler" &&
    !["false", "0", "no"].includes((engine.env.SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION ?? "true").toLowerCase());
  if (exchange.path === "/health" && !generates) return exchange.send(200);
  engine.onTokenizerUse();
  const { clock, scheduler } = engine;
  const start = clock.now();
  const limit = 1000 * Number(engine.env.SGLANG_HEALTH_CHECK_TIMEOUT ?? 20);
  probe(engine, exchange.signal);
  while (clock.now() < start + limit) {
    await clock.sleep(1000, exchange.signal);
    if (scheduler.lastOutput <= start) continue;
    engine.status = "Up";
    return exchange.send(200);
  }
  engine.status = "UnHealthy";
  const time = (at: number) => new Date(at).toISOString().slice(11, 19);
  engine.log.message(
    `Health check failed. Server couldn't get a response from detokenizer for last ${limit / 1000} seconds. ` +
      `tic start time: ${time(start)}. last_heartbeat time: ${time(scheduler.lastOutput)}`,
  );
  exchange.send(503);
}

/** The generation behind a probe. A busy scheduler does not run it: what it gives back to others counts instead. */
function probe(engine: Engine, signal: AbortSignal): void {
  const { scheduler, logScheduler } = engine;
  if (scheduler.isBusy) return;
  logScheduler(prefillLine(engine, 1));
  // The answer is read off the scheduler's last output; a probe that is given up leaves nothing behind.
  scheduler.forward(12, signal).catch(() => setImmediate());
}

/** The scheduler's line about one prefill batch. */
export function prefillLine(engine: Engine, tokens: number): string {
  const { scheduler, memory } = engine;
  return (
    `Prefill batch, #new-seq: 1, #new-token: ${tokens}, #cached-token: 0, ` +
    `token usage: ${(scheduler.usedTokens / memory.tokens).toFixed(2)}, #running-req: ${Math.max(0, scheduler.running - 1)}, ` +
    `#queue-req: ${scheduler.waiting}, #pending-token: 0, cuda graph: False, input throughput (token/s): 0.00`
  );
}
