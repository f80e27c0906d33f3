import { STATUS_CODES } from "node:http";
import type { Milliseconds } from "../../core/units.ts";
import type { Engine } from "./engine.ts";
import { newRid } from "./engine.ts";
import type { Fault } from "./faults.ts";
import type { Exchange } from "./http/exchange.ts";
import { prefillLine } from "./http/health.ts";
import type { EngineLaunch } from "./launch.ts";
import { count, newMetrics } from "./metrics.ts";
import { Scheduler } from "./scheduler.ts";
import type { StartupFacts } from "./startup/failures.ts";
import { warmupFailure } from "./startup/warmup.ts";

/** Simulated seconds that the first request of the warm-up takes. */
const warmupSeconds = 16;

/** Time that dumping the threads of a stuck scheduler takes before the watchdog speaks. */
const stackDump: Milliseconds = 200;

/** Whether the server goes on, or a child of it has failed. */
export type Outcome = "alive" | "child failed";

/** A server whose schedulers have loaded. `onTokenizerUse` is told of each request that reaches its tokenizer. */
export function newEngine(
  launch: EngineLaunch,
  facts: StartupFacts,
  hooks: Pick<Engine, "log" | "life" | "onTokenizerUse">,
): Engine {
  const { args, memory } = facts;
  const limits = {
    maxRunning: memory.maxRunningRequests,
    maxQueued: args.maxQueuedRequests,
    chunk: args.chunkedPrefillSize > 0 ? args.chunkedPrefillSize : args.contextLength,
  };
  const engine: Engine = {
    ...facts,
    ...hooks,
    clock: launch.clock,
    speed: launch.speed,
    logScheduler: (text) => hooks.log.message(text, args.tpSize > 1 ? 0 : undefined),
    scheduler: new Scheduler(launch.clock, limits, (tokens) => engine.logScheduler(prefillLine(engine, tokens))),
    metrics: newMetrics(),
    startedAt: launch.clock.now(),
    status: args.skipServerWarmup ? "Up" : "Starting",
    isDraining: false,
    isRefusing: facts.fault?.name === "busy-after-ready",
    rids: new Set(),
    firstVideo: undefined,
  };
  return engine;
}

/** Counts an answer and writes uvicorn's line about it. */
export function noteAnswer(engine: Engine, exchange: Exchange, status: number, peer: string): void {
  const { metrics, args } = engine;
  const endpoint = exchange.path.startsWith("/v1/models/") ? "/v1/models/{model:path}" : exchange.path;
  count(metrics.httpRequests, { endpoint, method: exchange.method });
  count(metrics.httpResponses, { endpoint, method: exchange.method, status_code: String(status) });
  if (args.accessLogExclude.some((prefix) => exchange.path.startsWith(prefix))) return;
  logAccess(engine, peer, `${exchange.method} ${exchange.target}`, status);
}

function logAccess({ log }: Engine, peer: string, request: string, status: number): void {
  log.uvicorn("INFO", `${peer} - "${request} HTTP/1.1" ${status} ${STATUS_CODES[status] ?? ""}`);
}

/** The server's first request to itself: a small picture, eight tokens. Rejects with the signal's reason. */
export async function warmUp(engine: Engine, signal: AbortSignal): Promise<Outcome> {
  const { log, scheduler, rids, clock, speed, args } = engine;
  const simulate = (seconds: number) => clock.sleep((1000 * seconds) / speed, signal);
  const peer = `${args.host === "0.0.0.0" ? "127.0.0.1" : args.host}:41738`;
  await simulate(0.7);
  logAccess(engine, peer, "GET /model_info", 200);
  const rid = newRid();
  rids.add(rid);
  engine.onTokenizerUse();
  if (engine.fault?.name === "crash-in-warmup") {
    await simulate(1);
    engine.logScheduler("Use Keye-Qwen3 model to forward!");
    engine.logScheduler(`Scheduler hit an exception: ${warmupFailure}\n`);
    return "child failed";
  }
  await scheduler.forward((1000 * warmupSeconds) / speed, signal);
  engine.logScheduler(prefillLine(engine, 21));
  rids.delete(rid);
  logAccess(engine, peer, "POST /v1/chat/completions", 200);
  engine.status = "Up";
  log.message("The server is fired up and ready to roll!");
  return "alive";
}

/** Lives through the faults that begin once the server is up. Rejects with the signal's reason. */
export async function misbehave(engine: Engine, fault: Fault, pid: number, signal: AbortSignal): Promise<Outcome> {
  const { clock, scheduler, log, args } = engine;
  const wait = (duration: Milliseconds) => clock.sleep(duration, signal);
  switch (fault.name) {
    case "hang-after-ready":
      await wait(1000 * fault.value);
      scheduler.freeze();
      return "alive";
    case "dead-scheduler":
      scheduler.freeze();
      return "alive";
    case "busy-after-ready":
      await wait(1000 * fault.value);
      engine.isRefusing = false;
      return "alive";
    case "pause-after-ready":
      await wait(5_000);
      scheduler.freeze();
      await wait(1000 * fault.value);
      scheduler.thaw();
      return "alive";
    case "crash-after-ready":
      await wait(1000 * fault.value);
      scheduler.freeze();
      // The watchdog over the children looks once a second.
      await wait(800);
      log.message(`Subprocess scheduler_0 (pid=${pid}) crashed with exit code -9. Triggering SIGQUIT for cleanup...`);
      return "child failed";
    case "xid":
      await wait(1000 * fault.value);
      log.raw(`NVRM: Xid (PCI:0000:3b:00): 94, pid=${pid}, name=sglang::schedul, Contained ECC error`);
      engine.logScheduler(
        "Scheduler hit an exception: torch.AcceleratorError: CUDA error: uncorrectable ECC error encountered\n",
      );
      return "child failed";
    case "stuck-forward": {
      await wait(1000 * fault.value);
      scheduler.freeze();
      // The watchdog looks every half of its limit, so it sees a stall late by up to that.
      await wait(1500 * args.watchdogTimeout + stackDump);
      const shown = Number.isInteger(args.watchdogTimeout) ? `${args.watchdogTimeout}.0` : args.watchdogTimeout;
      log.message(`Scheduler watchdog timeout (self.watchdog_timeout=${shown}, self.soft=False)`);
      await wait(5_000);
      return "child failed";
    }
    default:
      return "alive";
  }
}
