import { request } from "node:http";
import type { EngineExit, EngineLaunch, EngineProcess } from "../../../infra/rehearsal/engine/launch.ts";
import { launchEngine } from "../../../infra/rehearsal/engine/process.ts";
import { ManualClock } from "../../support/manual-clock.ts";

/** Flags of the recorded servers; the tiny model and its context come with the path. */
export const recordedFlags: readonly string[] = [
  "--model-path=Kwai-Keye/Keye-VL-2-tiny-random",
  "--tp-size=1",
  "--trust-remote-code",
  "--load-format=dummy",
  "--max-total-tokens=524288",
  "--mem-fraction-static=0.8",
  "--attention-backend=triton",
  "--prefill-attention-backend=triton",
  "--decode-attention-backend=triton",
  "--sampling-backend=pytorch",
  "--grammar-backend=none",
  "--mm-attention-backend=sdpa",
];

/** Flags of the stack's default engine. */
export const stackFlags: readonly string[] = [
  "--model-path=Kwai-Keye/Keye-VL-2.0-30B-A3B",
  "--tp-size=2",
  "--trust-remote-code",
  "--mem-fraction-static=0.8",
  "--weight-version=0123456789",
];

let lastAddress = 0;

/** A loopback address that no other engine of this test run listens on. */
function freshAddress(): string {
  lastAddress++;
  return `127.${1 + (process.pid % 250)}.${(process.pid >> 8) % 250}.${1 + (lastAddress % 250)}`;
}

/** A server's answer, or what became of the connection, with the time it took on the engine's clock. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** `ECONNREFUSED`, or `cut` where the answer broke off or never began. */
  readonly failure?: "ECONNREFUSED" | "cut";
  readonly tookMs: number;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds after which the client leaves. */
  readonly leaveAfter?: number;
}

/** An engine under a clock that the test moves. */
export class EngineUnderTest {
  readonly clock = new ManualClock();
  readonly lines: string[] = [];
  readonly address: string;
  readonly process: EngineProcess;
  readonly port = 30_000;
  exit: EngineExit | undefined;

  constructor(flags: readonly string[], options: Partial<EngineLaunch> = {}) {
    this.address = options.address ?? freshAddress();
    this.process = launchEngine({
      argv: ["python3", "-m", "sglang.launch_server", "--host=0.0.0.0", ...flags],
      env: {},
      address: this.address,
      gpus: { count: 8, product: "NVIDIA-H800", memoryMiB: 81_559 },
      shmBytes: 16 * 2 ** 30,
      isPidOne: false,
      speed: 20,
      clock: this.clock,
      log: (line) => this.lines.push(line),
      ...options,
    });
    void this.process.exited.then((exit) => {
      this.exit = exit;
    });
  }

  /** Moves time on in steps until `isDone`; answers travel between the steps. Gives up after `limit` simulated seconds. */
  async advanceUntil(isDone: () => boolean, limit = 400, step = 500): Promise<void> {
    const end = this.clock.now() + 1000 * limit;
    for (;;) {
      await turns();
      if (isDone()) return;
      if (this.clock.now() >= end)
        throw new Error(`not done after ${limit} simulated seconds:\n${this.lines.slice(-5).join("\n")}`);
      await this.clock.advance(step);
    }
  }

  /** Waits for what runs on the engine's clock. */
  async settle<T>(work: Promise<T>, limit = 400, step = 50): Promise<T> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    work.then(done, done);
    await this.advanceUntil(() => isDone, limit, step);
    return work;
  }

  async advance(seconds: number, step = 500): Promise<void> {
    const end = this.clock.now() + 1000 * seconds;
    await this.advanceUntil(() => this.clock.now() >= end, seconds + 1, step);
  }

  /** Moves time on in steps of `step` milliseconds until a line with `text` is logged. */
  untilLogged(text: string, step = 500): Promise<void> {
    return this.advanceUntil(() => this.lines.some((line) => line.includes(text)), 400, step);
  }

  untilReady(step = 500): Promise<void> {
    return this.untilLogged("fired up and ready to roll", step);
  }

  async untilExit(limit = 400): Promise<EngineExit> {
    await this.advanceUntil(() => this.exit !== undefined, limit);
    return this.process.exited;
  }

  /** Sends a request; the answer comes as time moves on. */
  ask(path: string, ask: Ask = {}): Promise<Answer> {
    const start = this.clock.now();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const done = (answer: Omit<Answer, "tookMs">) => resolve({ ...answer, tookMs: this.clock.now() - start });
    const options = {
      host: this.address,
      port: this.port,
      path,
      method: ask.method ?? "GET",
      agent: false,
      headers: ask.headers,
    };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      const { statusCode: status = 0, headers } = response;
      const body = () => Buffer.concat(chunks).toString("utf8");
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => done({ status, headers, body: body() }));
      response.on("error", () => done({ status, headers, body: body(), failure: "cut" }));
    });
    sent.on("error", (error) => {
      const failure = error.message.includes("ECONNREFUSED") ? "ECONNREFUSED" : "cut";
      done({ status: 0, headers: {}, body: "", failure });
    });
    sent.end(ask.body);
    if (ask.leaveAfter !== undefined) void this.clock.sleep(ask.leaveAfter).then(() => sent.destroy());
    return promise;
  }

  /** Sends a request and moves time on until its answer is there. */
  get(path: string, ask: Ask = {}, step = 50): Promise<Answer> {
    return this.settle(this.ask(path, ask), 400, step);
  }

  /** Sends a chat request; fields of `extra` come on top of one plain question. */
  chat(question: unknown, extra: object = {}, ask: Ask = {}): Promise<Answer> {
    return this.ask("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "", temperature: 0, messages: [{ role: "user", content: question }], ...extra }),
      ...ask,
    });
  }

  /** The text that a plain chat request is answered with. */
  async say(question: unknown, extra: object = {}): Promise<string> {
    const answer = await this.settle(this.chat(question, extra));
    return contentOf(answer);
  }

  /** Ends the engine, however it stands. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.exited;
  }
}

/** `choices[0].message.content` of a chat answer. */
export function contentOf(answer: Answer): string {
  return String(JSON.parse(answer.body).choices[0].message.content);
}

/** Lets sockets and promises that are due make progress. */
async function turns(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
}
