import { STATUS_CODES } from "node:http";
import { textOf } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/units.ts";
import { parseArguments } from "./arguments/parse.ts";
import { serverWords } from "./command.ts";
import type { Engine } from "./engine.ts";
import { newRid } from "./engine.ts";
import type { Fault } from "./faults.ts";
import { parseFault } from "./faults.ts";
import type { Exchange } from "./http/exchange.ts";
import { prefillLine } from "./http/health.ts";
import type { Listener } from "./http/listener.ts";
import { listen } from "./http/listener.ts";
import { handle } from "./http/routes.ts";
import type { EngineExit, EngineLaunch, EngineProcess } from "./launch.ts";
import type { EngineLog } from "./log.ts";
import { engineLog } from "./log.ts";
import { planMemory } from "./memory.ts";
import { count, newMetrics } from "./metrics.ts";
import { findModel, isHopper, keye30b } from "./model.ts";
import { Scheduler } from "./scheduler.ts";
import { completeServerArgs } from "./server-args.ts";
import type { StartupFacts } from "./startup/failures.ts";
import { argumentFailure } from "./startup/failures.ts";
import { firstLines, importSeconds, planStartup } from "./startup/plan.ts";
import { warmupFailure } from "./startup/warmup.ts";

/** How often the drain looks whether requests are left. */
const drainInterval: Milliseconds = 5_000;

/** From the closed port to the end of the process where it is PID 1 and must unwind instead of being killed. */
const unwinding: Milliseconds = 2_000;

/** Simulated seconds that the first request of the warm-up takes. */
const warmupSeconds = 16;

/** Starts one engine. It ends by itself, by a signal, or never; it keeps no timer or socket after that. */
export function launchEngine(launch: EngineLaunch): EngineProcess {
  const server = new ServerProcess(launch);
  server.start();
  return server;
}

/** What SIGTERM meets: nobody, uvicorn's own handler, or the server's drain. */
type SigtermHandler = "none" | "uvicorn" | "drain";

class ServerProcess implements EngineProcess {
  readonly exited: Promise<EngineExit>;
  readonly #launch: EngineLaunch;
  readonly #log: EngineLog;
  readonly #life = new AbortController();
  readonly #resolve: (exit: EngineExit) => void;
  readonly #pid: number;
  #isEnding = false;
  #sigterm: SigtermHandler = "none";
  #engine: Engine | undefined;
  #listener: Listener | undefined;

  constructor(launch: EngineLaunch) {
    const { promise, resolve } = Promise.withResolvers<EngineExit>();
    this.exited = promise;
    this.#resolve = resolve;
    this.#launch = launch;
    this.#log = engineLog(launch.clock, launch.log);
    this.#pid = launch.isPidOne ? 1 : 12;
  }

  start(): void {
    this.#background(() => this.#main());
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.#isEnding && signal === "SIGTERM") return;
    if (signal === "SIGKILL") {
      this.#end({ exitCode: 137, signal: 9 });
      return;
    }
    switch (this.#sigterm) {
      case "none":
        // The kernel gives PID 1 no default action: the signal is lost.
        if (!this.#launch.isPidOne) this.#end({ exitCode: 143, signal: 15 });
        return;
      case "uvicorn":
        this.#background(() => this.#uvicornShutdown());
        return;
      case "drain":
        this.#log.message("SIGTERM received. signum=None frame=None. Draining requests and shutting down...");
        if (this.#engine !== undefined) this.#engine.isDraining = true;
        return;
      default:
        this.#sigterm satisfies never;
    }
  }

  async #main(): Promise<void> {
    const { launch, log } = { launch: this.#launch, log: this.#log };
    const words = serverWords(launch.argv);
    if (words === undefined) {
      log.raw(`exec: "${launch.argv[0] ?? ""}": executable file not found in $PATH`);
      return this.#end({ exitCode: 127 });
    }
    const fault = launch.fault === undefined || launch.fault === "" ? undefined : parseFault(launch.fault);
    if (fault !== undefined && "problem" in fault) {
      log.raw(`engine simulator: ${fault.problem}`);
      return this.#end({ exitCode: 2 });
    }
    await this.#simulate(importSeconds);
    firstLines.forEach(log.raw);
    const parsed = parseArguments(words);
    if (parsed.kind === "exit") {
      parsed.lines.forEach(log.raw);
      return this.#end({ exitCode: parsed.exitCode });
    }
    const path = String(parsed.fields.model_path);
    const model = fault?.name === "missing-model-path" ? undefined : findModel(path, launch.env);
    const args = completeServerArgs(parsed.fields, {
      model: model ?? keye30b,
      isHopper: isHopper(launch.gpus.product) && fault?.name !== "dense-attention",
      memoryMiB: launch.gpus.memoryMiB,
      randomSeed: Math.floor(launch.clock.now()) % 1_000_000_000,
    });
    const refused = argumentFailure(args, model, launch.env);
    if (refused !== undefined || model === undefined) {
      log.raw(refused ?? "");
      return this.#end({ exitCode: 1 });
    }
    const memory = planMemory({
      model,
      tpSize: args.tpSize,
      memFractionStatic: args.memFractionStatic,
      contextLength: args.contextLength,
      memoryMiB: launch.gpus.memoryMiB,
      isSparse: args.attentionBackend === "keye_sa",
      pageSize: args.pageSize,
      maxTotalTokens: args.maxTotalTokens,
      maxRunningRequests: args.maxRunningRequests,
      hasGraphs: !args.disableCudaGraph,
    });
    const { count: gpuCount, memoryMiB: gpuMemoryMiB } = launch.gpus;
    const facts = { args, model, memory, gpuCount, gpuMemoryMiB, shmBytes: launch.shmBytes, fault, env: launch.env };
    if (await this.#load(facts)) await this.#serve(facts);
  }

  /** Plays the schedulers' start-up; false where it failed and the process ends. */
  async #load(facts: StartupFacts): Promise<boolean> {
    const { steps, failure } = planStartup(facts);
    for (const { after, lines } of steps) {
      await this.#simulate(after);
      for (const line of lines) {
        if (line.isRaw) this.#log.raw(line.text);
        else this.#log.message(line.text, line.rank);
      }
    }
    if (failure === undefined) return true;
    const rank = facts.args.tpSize > 1 ? failure.rank : undefined;
    await this.#simulate(0.2);
    if (failure.before !== undefined) this.#log.message(failure.before, rank);
    this.#log.message(`Scheduler hit an exception: ${failure.traceback}\n`, rank);
    this.#log.message("Received sigquit from a child process. It usually means the child failed.");
    this.#end(this.#launch.isPidOne ? { exitCode: 0 } : { exitCode: 137, signal: 9 });
    return false;
  }

  async #serve(facts: StartupFacts): Promise<void> {
    const engine = this.#newEngine(facts);
    this.#engine = engine;
    const { log } = engine;
    log.uvicorn("INFO", `Started server process [${this.#pid}]`);
    log.uvicorn("INFO", "Waiting for application startup.");
    log.message("Using fallback token IDs for yes/no (9693/2152)");
    if (engine.args.skipServerWarmup) {
      engine.status = "Up";
      log.message("The server is fired up and ready to roll!");
    }
    log.uvicorn("INFO", "Application startup complete.");
    if (!(await this.#open(engine))) return;
    log.uvicorn("INFO", `Uvicorn running on http://${engine.args.host}:${engine.args.port} (Press CTRL+C to quit)`);
    if (!engine.args.skipServerWarmup) await this.#warmUp(engine);
    if (engine.fault !== undefined) await this.#misbehave(engine, engine.fault);
  }

  #newEngine(facts: StartupFacts): Engine {
    const { launch, log } = { launch: this.#launch, log: this.#log };
    const limits = {
      maxRunning: facts.memory.maxRunningRequests,
      maxQueued: facts.args.maxQueuedRequests,
      chunk: facts.args.chunkedPrefillSize > 0 ? facts.args.chunkedPrefillSize : facts.args.contextLength,
      maxTokens: facts.memory.tokens,
    };
    const engine: Engine = {
      args: facts.args,
      model: facts.model,
      memory: facts.memory,
      env: launch.env,
      fault: facts.fault,
      clock: launch.clock,
      speed: launch.speed,
      log,
      logScheduler: (text) => log.message(text, facts.args.tpSize > 1 ? 0 : undefined),
      scheduler: new Scheduler(launch.clock, limits, (tokens) => engine.logScheduler(prefillLine(engine, tokens))),
      metrics: newMetrics(),
      startedAt: launch.clock.now(),
      status: "Starting",
      isDraining: false,
      rids: new Set(),
      firstVideo: undefined,
      onTokenizerUse: () => this.#installDrain(),
    };
    return engine;
  }

  /** Opens the port; false where it is taken. A server that cannot have its port stays alive without one. */
  async #open(engine: Engine): Promise<boolean> {
    const { args, log } = engine;
    const { address } = this.#launch;
    this.#sigterm = "uvicorn";
    // Who listens on the pod's own loopback only cannot be reached under the pod's address.
    if (![address, "0.0.0.0", "::"].includes(args.host)) return true;
    try {
      this.#listener = await listen({
        address,
        port: args.port,
        life: this.#life.signal,
        handle: (exchange) => handle(engine, exchange),
        onAnswer: (exchange, status, peer) => this.#onAnswer(engine, exchange, status, peer),
      });
      return true;
    } catch (error) {
      const where = `('${args.host}', ${args.port})`;
      const reason = /EADDRINUSE/.test(textOf(error)) ? "address already in use" : textOf(error);
      log.uvicorn("ERROR", `[Errno 98] error while attempting to bind on address ${where}: ${reason}`);
      log.uvicorn("INFO", "Waiting for application shutdown.");
      this.#sigterm = "none";
      return false;
    }
  }

  #onAnswer(engine: Engine, exchange: Exchange, status: number, peer: string): void {
    const endpoint = exchange.path.startsWith("/v1/models/") ? "/v1/models/{model:path}" : exchange.path;
    count(engine.metrics.httpRequests, { endpoint, method: exchange.method });
    count(engine.metrics.httpResponses, { endpoint, method: exchange.method, status_code: String(status) });
    if (engine.args.accessLogExclude.some((prefix) => exchange.path.startsWith(prefix))) return;
    this.#access(peer, `${exchange.method} ${exchange.path}`, status);
  }

  #access(peer: string, request: string, status: number): void {
    this.#log.uvicorn("INFO", `${peer} - "${request} HTTP/1.1" ${status} ${STATUS_CODES[status] ?? ""}`);
  }

  /** The server's first request to itself: a small picture, eight tokens. */
  async #warmUp(engine: Engine): Promise<void> {
    const { log, scheduler, rids } = engine;
    const peer = `${engine.args.host === "0.0.0.0" ? "127.0.0.1" : engine.args.host}:41738`;
    await this.#simulate(0.7);
    this.#access(peer, "GET /model_info", 200);
    const rid = newRid();
    rids.add(rid);
    engine.onTokenizerUse();
    if (engine.fault?.name === "crash-in-warmup") {
      await this.#simulate(1);
      engine.logScheduler("Use Keye-Qwen3 model to forward!");
      engine.logScheduler(`Scheduler hit an exception: ${warmupFailure}\n`);
      return this.#quit(["Initialization failed. warmup error: AssertionError: Internal Server Error"]);
    }
    await scheduler.forward((1000 * warmupSeconds) / this.#launch.speed, this.#life.signal);
    engine.logScheduler(prefillLine(engine, 21));
    rids.delete(rid);
    this.#access(peer, "POST /v1/chat/completions", 200);
    engine.status = "Up";
    log.message("The server is fired up and ready to roll!");
  }

  /** Faults that begin once the server is up. */
  async #misbehave(engine: Engine, fault: Fault): Promise<void> {
    const { clock, scheduler, log } = engine;
    const wait = (duration: Milliseconds) => clock.sleep(duration, this.#life.signal);
    switch (fault.name) {
      case "hang-after-ready":
        await wait(1000 * fault.value);
        scheduler.freeze();
        return;
      case "crash-after-ready":
        await wait(1000 * fault.value);
        scheduler.freeze();
        // The watchdog over the children looks once a second.
        await wait(800);
        log.message(
          `Subprocess scheduler_0 (pid=${this.#pid + 2}) crashed with exit code -9. Triggering SIGQUIT for cleanup...`,
        );
        return this.#quit();
      case "xid":
        await wait(1000 * fault.value);
        log.raw(`NVRM: Xid (PCI:0000:3b:00): 94, pid=${this.#pid + 2}, name=sglang::schedul, Contained ECC error`);
        engine.logScheduler(
          "Scheduler hit an exception: torch.AcceleratorError: CUDA error: uncorrectable ECC error encountered\n",
        );
        return this.#quit();
      case "stuck-forward": {
        await wait(1000 * fault.value);
        scheduler.freeze();
        const timeout = engine.args.watchdogTimeout;
        // The watchdog looks every half of its limit, so it sees a stall late by up to that.
        await wait(1500 * timeout);
        const shown = Number.isInteger(timeout) ? `${timeout}.0` : timeout;
        log.message(`Scheduler watchdog timeout (self.watchdog_timeout=${shown}, self.soft=False)`);
        await wait(5_000);
        return this.#quit();
      }
      default:
        return;
    }
  }

  /** The tokenizer's first request replaces uvicorn's handler by the drain, which looks every five seconds from then on. */
  #installDrain(): void {
    if (this.#sigterm === "drain") return;
    this.#sigterm = "drain";
    this.#background(async () => {
      while (!this.#isEnding) {
        await this.#launch.clock.sleep(drainInterval, this.#life.signal);
        if (this.#engine?.isDraining && this.#isDrained(this.#engine)) return this.#leave();
      }
    });
  }

  #isDrained({ status, rids, env, log }: Engine): boolean {
    if (status === "UnHealthy" || env.SGL_FORCE_SHUTDOWN === "1") {
      log.message("Signal SIGTERM received while health check failed. Force exiting.");
      return true;
    }
    const shown = [...rids].map((rid) => `'${rid}'`).join(", ");
    log.message(
      `Gracefully exiting... Remaining number of requests ${rids.size}. Remaining requests remaining_rids=[${shown}].`,
    );
    return rids.size === 0;
  }

  /** A child has failed while the server was up: the whole tree ends. */
  async #quit(lastLines: readonly string[] = []): Promise<void> {
    this.#log.message("SIGQUIT received. signum=None, frame=None. It usually means one child failed.");
    for (const line of this.#launch.isPidOne ? lastLines : []) this.#log.message(line);
    await this.#leave();
  }

  /** `kill_process_tree` of itself: SIGKILL, or for PID 1, which ignores its own SIGKILL, an exit with code 0. */
  async #leave(): Promise<void> {
    if (!this.#launch.isPidOne) return this.#end({ exitCode: 137, signal: 9 });
    this.#isEnding = true;
    await this.#listener?.close("Internal Server Error");
    await this.#launch.clock.sleep(unwinding, this.#life.signal);
    this.#end({ exitCode: 0 });
  }

  async #uvicornShutdown(): Promise<void> {
    this.#isEnding = true;
    this.#log.uvicorn("INFO", "Shutting down");
    await this.#listener?.close();
    this.#log.uvicorn("INFO", "Waiting for application shutdown.");
    this.#log.uvicorn("INFO", "Application shutdown complete.");
    this.#log.uvicorn("INFO", `Finished server process [${this.#pid}]`);
    await this.#launch.clock.sleep(unwinding, this.#life.signal);
    // uvicorn raises the signal again once it is done; PID 1 does not feel it.
    this.#end(this.#launch.isPidOne ? { exitCode: 0 } : { exitCode: 143, signal: 15 });
  }

  #end(exit: EngineExit): void {
    if (this.#life.signal.aborted) return;
    this.#isEnding = true;
    this.#life.abort(new Error("the engine has ended"));
    const closed = this.#listener?.close() ?? Promise.resolve();
    closed.finally(() => this.#resolve(exit));
  }

  /** Waits for simulated seconds of start-up, which `speed` shortens. */
  #simulate(seconds: number): Promise<void> {
    return this.#launch.clock.sleep((1000 * seconds) / this.#launch.speed, this.#life.signal);
  }

  /** Runs a task that ends with the process. A defect of the simulator itself ends the process too, loudly. */
  #background(task: () => Promise<void>): void {
    task().catch((error: unknown) => {
      if (this.#life.signal.aborted) return;
      this.#log.raw(`engine simulator: ${error instanceof Error ? error.stack : String(error)}`);
      this.#end({ exitCode: 70 });
    });
  }
}
