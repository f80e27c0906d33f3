import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import type { EngineLaunch } from "../../../infra/rehearsal/engine/launch.ts";
import { logOf, resultOf, timeClass } from "./polling.ts";
import { firstMissing, normalLine, readLog, readRuns, readTranscript } from "./recording.ts";
import type { Ask } from "./support.ts";
import { EngineUnderTest, recordedFlags } from "./support.ts";

describe("SIGTERM", () => {
  interface Case {
    readonly name: string;
    readonly recording: string;
    readonly flags?: readonly string[];
    readonly when: string;
    readonly launch: Partial<EngineLaunch>;
    readonly exit: { readonly exitCode: number; readonly signal?: number };
    /** Answer of /health right after the signal. */
    readonly health: string;
    readonly longest: number;
  }

  const cases: readonly Case[] = [
    {
      name: "while loading ends the process at once",
      recording: "sigterm-loading.log",
      when: "server_args",
      launch: {},
      exit: { exitCode: 143, signal: 15 },
      health: "ECONNREFUSED",
      longest: 1,
    },
    {
      name: "in the warm-up lets PID 1 finish it first",
      recording: "sigterm-warm-up-pid1.log",
      when: "GET /model_info",
      launch: { isPidOne: true, speed: 1 },
      exit: { exitCode: 0 },
      health: "503",
      longest: 30,
    },
    {
      name: "before any generation is uvicorn's",
      recording: "sigterm-unused-pid1.log",
      flags: ["--skip-server-warmup"],
      when: "Uvicorn running",
      launch: { isPidOne: true },
      exit: { exitCode: 0 },
      health: "ECONNREFUSED",
      longest: 10,
    },
  ];

  test.each(cases)("$name", async ({ recording, flags = [], when, launch, exit, health, longest }) => {
    const recorded = readLog(recording);
    await using engine = new EngineUnderTest([...recordedFlags, ...flags], launch);
    await engine.untilLogged(when);
    engine.process.kill("SIGTERM");
    const start = engine.clock.now();
    expect(resultOf(await engine.get("/health"))).toBe(health);
    expect(await engine.untilExit()).toEqual(exit);
    expect(exit.exitCode).toBe(recorded.exitCode);
    expect((engine.clock.now() - start) / 1000).toBeLessThanOrEqual(longest);
    const wanted = recorded.lines.filter((line) => /SIGTERM|Gracefully|Shutting|shutdown|Finished|fired up/.test(line));
    expect(firstMissing([...new Set(wanted)], logOf(engine))).toBeUndefined();
  });

  test("while PID 1 loads is lost: it comes up and serves", async () => {
    await using engine = new EngineUnderTest(recordedFlags, { isPidOne: true });
    await engine.untilLogged("Load weight begin");
    engine.process.kill("SIGTERM");
    await engine.untilReady();
    const recorded = readRuns("sigterm-loading-pid1.runs.txt")["/health"] ?? [];
    expect(resultOf(await engine.get("/health"))).toBe(recorded.at(-1)?.result);
  });

  test.each([
    { isPidOne: false, recording: "sigterm-requests", exit: { exitCode: 137, signal: 9 } },
    { isPidOne: true, recording: "sigterm-requests-pid1", exit: { exitCode: 0 } },
  ])("lets running and new requests complete, then exits $exit.exitCode", async ({ isPidOne, recording, exit }) => {
    await using engine = new EngineUnderTest(recordedFlags, { isPidOne });
    await engine.untilReady();
    const long = { max_tokens: 1_200, ignore_eos: true };
    const running = [engine.chat("hi", long), engine.chat("hi", { ...long, stream: true })];
    await engine.advance(1, 50);
    engine.process.kill("SIGTERM");
    for (const [path, runs] of Object.entries(readRuns(`${recording}.runs.txt`))) {
      const during = await engine.get(path, {}, 10);
      const wanted = runs.at(-2)?.result ?? "";
      expect([path, resultOf(during), timeClass(during.tookMs)]).toEqual([path, wanted, "at once"]);
    }
    expect((await engine.settle(engine.chat("late"))).status).toBe(200);
    const [plain, streamed] = await engine.settle(Promise.all(running));
    expect([plain?.status, streamed?.body.trimEnd().endsWith("data: [DONE]")]).toEqual([200, true]);
    expect(await engine.untilExit(20)).toEqual(exit);
    const recorded = readLog(`${recording}.log`);
    expect(recorded.exitCode).toBe(exit.exitCode);
    expect(firstMissing([...new Set(recorded.lines)], logOf(engine))).toBeUndefined();
    expect((await engine.get("/ping")).failure).toBe("ECONNREFUSED");
  });

  test("never ends the drain after refused requests, and names the recorded ones", async () => {
    await using engine = new EngineUnderTest(recordedFlags);
    await engine.untilReady();
    const left = { "client-gone-stream": 300, "client-gone-plain": 300 };
    for (const exchange of readTranscript("leak.txt")) {
      const rid = exchange.title;
      const ask: Ask = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: leakBody(exchange.requestBody, rid),
      };
      const leaveAfter = Object.entries(left).find(([name]) => name === rid)?.[1];
      const answer = await engine.get(exchange.path, leaveAfter === undefined ? ask : { ...ask, leaveAfter });
      if (leaveAfter === undefined) expect([rid, answer.status]).toEqual([rid, exchange.status]);
    }
    await engine.get("/health", { leaveAfter: 400 });
    engine.process.kill("SIGTERM");
    await engine.advance(16);
    const recorded = readLog("leak.log").lines.filter((line) => line.includes("Gracefully"));
    const lines = engine.lines.filter((line) => line.includes("Gracefully"));
    expect(lines.length).toBeGreaterThanOrEqual(3);
    expect(lines.map(normalLine)[0]).toBe(recorded[0]);
    expect(lines[0]).toContain(
      "['too-long-prompt', 'too-long-prompt-stream', 'max-tokens-too-big', 'bad-image-refused', 'bad-image-data', 'bad-image-stream', 'bad-video', 'temperature-negative', 'top-p-2']",
    );
    expect(engine.exit).toBeUndefined();
    expect(await engine.say("What is 1 + 1? Answer with the number only.")).toBe("2");
    engine.process.kill("SIGKILL");
    expect(await engine.untilExit()).toEqual({ exitCode: 137, signal: 9 });
  });

  test("never ends after a good request for two choices, of which the server forgets one", async () => {
    await using engine = new EngineUnderTest(recordedFlags, { isPidOne: true });
    await engine.untilReady();
    expect((await engine.settle(engine.chat("hi", { n: 2, max_tokens: 4 }))).status).toBe(200);
    engine.process.kill("SIGTERM");
    await engine.advance(16);
    expect(engine.lines.filter((line) => line.includes("Remaining number of requests 1.")).length).toBeGreaterThan(2);
    expect(engine.exit).toBeUndefined();
  });

  /** A recorded request with what the recorder cut out of it put back. */
  function leakBody(body: string, rid: string): string {
    if (!body.includes("characters left out")) return body;
    const stream = rid.endsWith("stream");
    const say = (content: unknown, extra: object = {}) =>
      JSON.stringify({
        model: "",
        temperature: 0,
        max_tokens: 4,
        stream,
        rid,
        messages: [{ role: "user", content }],
        ...extra,
      });
    const image = (url: string) => [{ type: "image_url", image_url: { url } }];
    const bodies: Readonly<Record<string, string>> = {
      "n-2": say("hi", { n: 2, rid: ["n-2-a", "n-2-b"] }),
      "max-tokens-0": say("hi", { max_tokens: 0 }),
      "too-long-prompt": say("hello world ".repeat(30_000)),
      "too-long-prompt-stream": say("hello world ".repeat(30_000)),
      "max-tokens-too-big": say("hi", { max_tokens: 10_000_000 }),
      "bad-image-refused": say(image("http://127.0.0.1:9/x.png")),
      "bad-image-data": say(image("data:image/png;base64,AAAA")),
      "bad-image-stream": say(image("data:image/png;base64,AAAA")),
      "bad-video": say([{ type: "video_url", video_url: { url: "data:video/mp4;base64,AAAA" } }]),
      "temperature-negative": say("hi", { temperature: -1 }),
      "top-p-2": say("hi", { top_p: 2 }),
      "client-gone-stream": say("hi", { max_tokens: 20_000, ignore_eos: true }),
      "client-gone-plain": say("hi", { max_tokens: 20_000, ignore_eos: true }),
    };
    return bodies[rid] ?? say("hi");
  }
});

describe("a death", () => {
  test.each([
    {
      isPidOne: false,
      recording: "kill-scheduler",
      exit: { exitCode: 137, signal: 9 },
    },
    { isPidOne: true, recording: "kill-scheduler-pid1", exit: { exitCode: 0 } },
  ])("of the scheduler, PID 1 $isPidOne, ends like the recorded one", async ({ isPidOne, recording, exit }) => {
    await using engine = new EngineUnderTest(recordedFlags, { isPidOne, fault: "crash-after-ready:3" });
    await engine.untilReady();
    await engine.advance(2.5, 50);
    const streamed = engine.chat("hi", { max_tokens: 2_000, ignore_eos: true, stream: true });
    await engine.advance(0.6, 50);
    const pending = engine.ask("/health");
    expect((await engine.get("/v1/models", {}, 10)).status).toBe(200);
    await engine.settle(pending);
    const [, dying] = readRuns(`${recording}.runs.txt`)["/health"] ?? [];
    expect([resultOf(await pending), resultOf(await engine.get("/health"))]).toEqual([dying?.result, "ECONNREFUSED"]);
    expect((await engine.settle(streamed)).failure).toBe("cut");
    expect(await engine.untilExit(10)).toEqual(exit);
    const recorded = readLog(`${recording}.log`);
    expect(recorded.exitCode).toBe(exit.exitCode);
    expect(firstMissing(recorded.lines, logOf(engine))).toBeUndefined();
  });

  test.each([
    { isPidOne: false, recording: "warm-up-crash", exit: { exitCode: 137, signal: 9 } },
    { isPidOne: true, recording: "warm-up-crash-pid1", exit: { exitCode: 0 } },
  ])("in the warm-up, PID 1 $isPidOne, ends like the recorded one", async ({ isPidOne, recording, exit }) => {
    await using engine = new EngineUnderTest(recordedFlags, { isPidOne, speed: 1, fault: "crash-in-warmup" });
    await engine.untilLogged("Uvicorn running");
    expect((await engine.get("/health")).status).toBe(503);
    expect(await engine.untilExit()).toEqual(exit);
    const recorded = readLog(`${recording}.log`);
    expect(recorded.exitCode).toBe(exit.exitCode);
    const lines = recorded.lines.map((line) =>
      line.replace(
        "warmup error: Traceback (most recent call last):",
        "warmup error: AssertionError: Internal Server Error",
      ),
    );
    expect(
      firstMissing(
        lines.filter((line) => line !== "AssertionError: Internal Server Error"),
        logOf(engine),
      ),
    ).toBeUndefined();
  });
});

describe("a start that cannot succeed ends like the recorded one", () => {
  const keep = /Error: |sigquit|Context:|unrecognized|Scheduler hit/;

  interface Case {
    readonly recording: string;
    readonly flags?: readonly string[];
    readonly launch?: Partial<EngineLaunch>;
  }

  // The last value of a flag wins: back to what the server picks by itself on Hopper.
  const sparse = [
    "--attention-backend=keye_sa",
    "--prefill-attention-backend=keye_sa",
    "--decode-attention-backend=keye_sa",
  ];

  const cases: readonly Case[] = [
    { recording: "missing-effective-kernels", flags: sparse, launch: { fault: "missing-effective-kernels" } },
    {
      recording: "tp2-on-one-gpu",
      flags: ["--tp-size=2"],
      launch: { gpus: { count: 1, product: "NVIDIA-H100", memoryMiB: 81_559 } },
    },
    { recording: "mem-fraction-too-small", flags: ["--mem-fraction-static=0.0001"] },
    { recording: "missing-model-path", flags: ["--model-path=no-such/model"] },
    { recording: "missing-model-path-pid1", flags: ["--model-path=no-such/model"], launch: { isPidOne: true } },
    { recording: "unknown-flag", flags: ["--no-such-flag"] },
  ];

  test.each(cases)("$recording", async ({ recording, flags = [], launch = {} }) => {
    const recorded = readLog(`${recording}.log`);
    await using engine = new EngineUnderTest([...recordedFlags, ...flags], { isPidOne: recorded.isPidOne, ...launch });
    await engine.advance(5);
    expect((await engine.get("/health")).failure).toBe("ECONNREFUSED");
    expect((await engine.untilExit()).exitCode).toBe(recorded.exitCode);
    const wanted = recorded.lines.filter((line) => keep.test(line));
    expect(wanted.length).toBeGreaterThan(0);
    expect(firstMissing(wanted, logOf(engine))).toBeUndefined();
  });

  test.each([false, true])("a scheduler that raises while loading, PID 1 %s", async (isPidOne) => {
    await using engine = new EngineUnderTest(recordedFlags, { isPidOne, fault: "crash-while-loading" });
    const recorded = readLog(isPidOne ? "scheduler-raises-pid1.log" : "scheduler-raises.log");
    expect((await engine.untilExit()).exitCode).toBe(recorded.exitCode);
    expect(engine.lines.at(-1)).toContain("Received sigquit from a child process. It usually means the child failed.");
  });

  test("a taken port leaves the process alive without one", async () => {
    const recorded = readLog("port-in-use.log");
    await using engine = new EngineUnderTest(recordedFlags);
    const other = createServer((_, response) => response.end("other"));
    await new Promise<void>((resolve) => other.listen(engine.port, engine.address, resolve));
    await engine.advance(200, 1_000);
    expect(engine.exit).toBeUndefined();
    expect(firstMissing(recorded.lines.slice(1), logOf(engine))).toBeUndefined();
    expect((await engine.get("/health")).body).toBe("other");
    other.close();
    other.closeAllConnections();
    engine.process.kill("SIGTERM");
    expect(await engine.untilExit()).toEqual({ exitCode: 143, signal: 15 });
  });
});
