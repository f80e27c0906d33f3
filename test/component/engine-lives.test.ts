import { describe, expect, test } from "vitest";
import { logOf, pollRuns, resultOf, timeClass } from "../unit/engine/polling.ts";
import { firstMissing, readLog, readRuns, readTranscript } from "../unit/engine/recording.ts";
import { EngineUnderTest, recordedFlags } from "../unit/engine/support.ts";

describe("a start-up", () => {
  test("answers each endpoint in the recorded order and time", async () => {
    const recorded = readRuns("start-up.runs.txt");
    const paths = ["/health", "/health_generate", "/v1/models", "/model_info", "/ping", "/server_info"] as const;
    await using engine = new EngineUnderTest(recordedFlags, { speed: 1 });
    const polled = await pollRuns(engine, paths, 85);
    for (const path of paths) {
      const runs = polled[path];
      expect(runs.map(({ result }) => result)).toEqual(recorded[path]?.map(({ result }) => result));
      runs.forEach((run, index) => {
        const { minMs = 0, maxMs = 0 } = recorded[path]?.[index] ?? {};
        expect([path, ...run.times]).toContain(timeClass(minMs));
        // Only what goes through the scheduler is late during the warm-up.
        if (path !== "/server_info") expect(run.times.size).toBe(1);
        else if (maxMs > 1_900) expect(run.times.has("seconds")).toBe(true);
      });
    }
  });

  test("logs its phases in the recorded order", async () => {
    await using engine = new EngineUnderTest(recordedFlags);
    await engine.untilReady();
    expect(
      firstMissing(
        readLog("start-up.log").lines.filter((line) => !line.startsWith("INFO:     <address>")),
        logOf(engine),
      ),
    ).toBeUndefined();
  });

  test("of two ranks takes about 90 simulated seconds", async () => {
    await using engine = new EngineUnderTest(
      ["--model-path=Kwai-Keye/Keye-VL-2.0-30B-A3B", "--tp-size=2", "--trust-remote-code"],
      { speed: 1 },
    );
    const start = engine.clock.now();
    await engine.untilReady();
    const seconds = (engine.clock.now() - start) / 1000;
    expect(seconds).toBeGreaterThan(85);
    expect(seconds).toBeLessThan(97);
  });

  test("ten times as fast does not make a healthy answer faster than a second", async () => {
    await using engine = new EngineUnderTest(recordedFlags, { speed: 10 });
    const start = engine.clock.now();
    await engine.untilReady();
    expect(engine.clock.now() - start).toBeLessThan(10_000);
    expect((await engine.get("/health")).tookMs).toBeGreaterThanOrEqual(1_000);
  });
});

describe("under load", () => {
  const long = { max_tokens: 1_500, ignore_eos: true };

  test("16 long generations leave /health at a second and the rest at once", async () => {
    await using engine = new EngineUnderTest(recordedFlags);
    await engine.untilReady();
    const generations = Array.from({ length: 16 }, () => engine.chat("count to one hundred", long));
    await engine.advance(1, 50);
    for (const [path, runs] of Object.entries(readRuns("load-generations.runs.txt"))) {
      const answer = await engine.get(path);
      expect(resultOf(answer)).toBe(runs[0]?.result);
      expect(timeClass(answer.tookMs)).toBe(timeClass(runs[0]?.minMs ?? 0));
    }
    const answers = await engine.settle(Promise.all(generations));
    expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(200));
  });

  test("a prefill that takes seconds makes /health take whole seconds and /server_info wait", async () => {
    await using engine = new EngineUnderTest([...recordedFlags, "--chunked-prefill-size=-1"]);
    await engine.untilReady();
    const recorded = readRuns("load-long-prefills.runs.txt")["/health"]?.[0];
    // Each prompt is one batch of more than a second; nothing comes back before it is through.
    const prompt = "hello world ".repeat(13_000);
    const answers = Array.from({ length: 4 }, () => engine.chat(prompt, { max_tokens: 4 }));
    await engine.advance(0.3, 50);
    const health = engine.ask("/health");
    const info = engine.ask("/server_info");
    const models = await engine.get("/v1/models", {}, 10);
    expect(timeClass(models.tookMs)).toBe("at once");
    const { status, tookMs } = await engine.settle(health);
    expect(String(status)).toBe(recorded?.result);
    expect(tookMs).toBeGreaterThanOrEqual(2_000);
    expect(tookMs).toBeLessThanOrEqual(recorded?.maxMs ?? 0);
    expect((await engine.settle(info)).tookMs).toBeGreaterThan(1_000);
    expect((await engine.settle(Promise.all(answers))).every(({ status }) => status === 200)).toBe(true);
  });

  test("a full queue is a 503, or hides behind 200 in a stream", async () => {
    await using engine = new EngineUnderTest([...recordedFlags, "--max-running-requests=1", "--max-queued-requests=1"]);
    await engine.untilReady();
    const running = [engine.chat("hi", long), engine.chat("hi", long)];
    await engine.advance(0.2, 50);
    const [plain, , streamed] = readTranscript("queue-full.txt");
    const refused = await engine.settle(engine.chat("hi", long));
    expect(refused.status).toBe(plain?.status);
    expect(refused.body).toBe(plain?.body);
    const hidden = await engine.settle(engine.chat("hi", { ...long, stream: true }));
    expect(hidden.status).toBe(streamed?.status);
    expect(hidden.body.trim()).toBe(streamed?.body.trim());
    await engine.settle(Promise.all(running));
  });
});

describe("a stuck scheduler", () => {
  test("shows as 503 after 20 s, then as 200 when it goes on, and the waiting request is answered", async () => {
    await using engine = new EngineUnderTest(recordedFlags, { fault: "pause-after-ready:32", isPidOne: true });
    await engine.untilReady();
    await engine.advance(6);
    const waiting = engine.chat("What is 2 + 2? Answer with the number only.");
    const [health, models] = [await engine.get("/health"), await engine.get("/v1/models")];
    expect([health.status, timeClass(health.tookMs)]).toEqual([503, "20 s"]);
    expect([models.status, timeClass(models.tookMs)]).toEqual([200, "at once"]);
    expect((await engine.settle(waiting)).status).toBe(200);
    expect((await engine.get("/health")).status).toBe(200);
  });

  test("that gets SIGTERM does not drain: it exits 0 within seconds as PID 1", async () => {
    const recorded = readLog("hang-pid1.log");
    await using engine = new EngineUnderTest(recordedFlags, { fault: "hang-after-ready:1", isPidOne: true });
    await engine.untilReady();
    await engine.advance(2);
    await engine.get("/health");
    const pending = engine.ask("/health");
    await engine.advance(1);
    engine.process.kill("SIGTERM");
    const start = engine.clock.now();
    expect((await engine.get("/health")).status).toBe(503);
    expect(await engine.untilExit()).toEqual({ exitCode: recorded.exitCode });
    expect(engine.clock.now() - start).toBeLessThan(8_000);
    expect((await pending).body).toBe("Internal Server Error");
    expect(firstMissing([...new Set(recorded.lines)], logOf(engine))).toBeUndefined();
  });

  test("with a forward that never returns is ended by the watchdog", async () => {
    const recorded = readLog("watchdog-pid1.log");
    await using engine = new EngineUnderTest([...recordedFlags, "--watchdog-timeout=10"], {
      fault: "stuck-forward:0",
      isPidOne: true,
    });
    await engine.untilReady(50);
    const { "/health": runs } = await pollRuns(engine, ["/health"], 60);
    // The recording begins a little before the stall.
    const wanted = readRuns("watchdog-pid1.runs.txt")
      ["/health"]?.map(({ result }) => result)
      .slice(1);
    expect(runs.map(({ result }) => result)).toEqual(wanted);
    expect(await engine.untilExit()).toEqual({ exitCode: recorded.exitCode });
    expect(
      firstMissing(
        recorded.lines.filter((line) => !line.startsWith("Health check")),
        logOf(engine),
      ),
    ).toBeUndefined();
  });
});
