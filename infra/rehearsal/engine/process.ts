import { textOf } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/units.ts";
import type { Engine } from "./engine.ts";
import type { Listener } from "./http/listener.ts";
import { listen } from "./http/listener.ts";
import { handle } from "./http/routes.ts";
import type { EngineExit, EngineLaunch, EngineProcess } from "./launch.ts";
import type { EngineLog } from "./log.ts";
import { engineLog } from "./log.ts";
import type { Peers } from "./peers.ts";
import { isLocalRank } from "./server-args.ts";
import type { Outcome } from "./serving.ts";
import { misbehave, newEngine, noteAnswer, warmUp } from "./serving.ts";
import type { StartupFacts } from "./startup/failures.ts";
import { keepKernel } from "./startup/kernel-cache.ts";
import { firstLines, importSeconds, planStartup } from "./startup/plan.ts";
import { prepareStart } from "./startup/prepare.ts";
import { toDistributed, traceback } from "./startup/traceback.ts";
import { openDummyPort, peerGone, peersOf } from "./worker.ts";

/** How often the drain looks whether requests are left. */
const drainInterval: Milliseconds = 5_000;

/** From the closed port to the end of the process where it is PID 1 and must unwind instead of being killed. */
const unwinding: Milliseconds = 2_000;

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
  #peers: Peers | undefined;
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
    if (signal === "SIGKILL") {
      this.#end({ exitCode: 137, signal: 9 });
      return;
    }
    if (this.#isEnding) return;
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
    const start = prepareStart(this.#launch);
    if (start.kind === "loads" || start.at === "imports") {
      await this.#simulate(importSeconds);
      firstLines.forEach(this.#log.raw);
    }
    if (start.kind === "ends") {
      this.#log.raw(start.text);
      return this.#end({ exitCode: start.exitCode });
    }
    const { facts } = start;
    this.#peers = peersOf(this.#launch, facts.args, this.#life.signal);
    void this.#peers?.lost.then((peer) => this.#background(() => this.#lose(facts, peer)));
    if (!(await this.#load(facts))) return;
    await this.#peers?.meet();
    if (facts.args.nodes.rank === 0) await this.#serve(facts);
    else this.#listener = await openDummyPort(this.#launch, facts.args, this.#life.signal);
  }

  /** A peer has gone: the scheduler that notices first raises, and the whole tree ends. */
  async #lose(facts: StartupFacts, peer: string): Promise<void> {
    if (this.#isEnding) return;
    this.#log.message(`Scheduler hit an exception: ${peerGone(peer)}\n`, firstRankOf(facts));
    if (this.#engine !== undefined) return this.#quit(this.#engine);
    this.#childFailed();
  }

  /** Plays the schedulers' start-up; false where it failed and the process ends. */
  async #load(facts: StartupFacts): Promise<boolean> {
    const { steps, failure } = planStartup(facts);
    const { folder } = facts.compilation;
    for (const { after, lines, kernel, meets } of steps) {
      await this.#simulate(after);
      if (kernel !== undefined && folder !== undefined) keepKernel(folder, kernel);
      if (meets && !(await this.#join(facts))) return false;
      for (const line of lines) {
        // Progress bars are the first rank's.
        if (!isLocalRank(facts.args, line.rank ?? (line.isRaw ? 0 : firstRankOf(facts)))) continue;
        if (line.isRaw) this.#log.raw(line.text);
        else this.#log.message(line.text, line.rank);
      }
    }
    if (failure === undefined) return true;
    const rank = facts.args.tpSize > 1 ? failure.rank : undefined;
    await this.#simulate(0.2);
    if (failure.before !== undefined) this.#log.message(failure.before, rank);
    this.#log.message(`Scheduler hit an exception: ${failure.traceback}\n`, rank);
    this.#childFailed();
    return false;
  }

  /** Waits for the processes on other nodes; false where they did not come in time and the process ends. */
  async #join(facts: StartupFacts): Promise<boolean> {
    try {
      await this.#peers?.join();
      return true;
    } catch (error) {
      this.#life.signal.throwIfAborted();
      this.#log.message(`Scheduler hit an exception: ${traceback(toDistributed, textOf(error))}\n`, firstRankOf(facts));
      this.#childFailed();
      return false;
    }
  }

  #childFailed(): void {
    this.#log.message("Received sigquit from a child process. It usually means the child failed.");
    this.#end(this.#launch.isPidOne ? { exitCode: 0 } : { exitCode: 137, signal: 9 });
  }

  async #serve(facts: StartupFacts): Promise<void> {
    const log = this.#log;
    const engine = newEngine(this.#launch, facts, {
      log,
      life: this.#life.signal,
      onTokenizerUse: () => this.#installDrain(),
    });
    this.#engine = engine;
    log.uvicorn("INFO", `Started server process [${this.#pid}]`);
    log.uvicorn("INFO", "Waiting for application startup.");
    log.message("Using fallback token IDs for yes/no (9693/2152)");
    if (engine.status === "Up") log.message("The server is fired up and ready to roll!");
    log.uvicorn("INFO", "Application startup complete.");
    if (!(await this.#open(engine))) return;
    log.uvicorn("INFO", `Uvicorn running on http://${engine.args.host}:${engine.args.port} (Press CTRL+C to quit)`);
    let outcome: Outcome = "alive";
    if (engine.status === "Starting") outcome = await warmUp(engine, this.#life.signal);
    if (outcome === "alive" && engine.fault !== undefined) {
      outcome = await misbehave(engine, engine.fault, this.#pid + 2, this.#life.signal);
    }
    if (outcome === "child failed") await this.#quit(engine);
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
        onAnswer: (exchange, status, peer) => noteAnswer(engine, exchange, status, peer),
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
  async #quit(engine: Engine): Promise<void> {
    this.#log.message("SIGQUIT received. signum=None, frame=None. It usually means one child failed.");
    // Only a process that survives its own SIGKILL lives to see its warm-up request fail.
    if (engine.status === "Starting" && this.#launch.isPidOne) {
      this.#log.message("Initialization failed. warmup error: AssertionError: Internal Server Error");
    }
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

/** The first rank on this node. */
function firstRankOf({ args: { tpSize, nodes } }: StartupFacts): number {
  return (nodes.rank * tpSize) / nodes.count;
}
