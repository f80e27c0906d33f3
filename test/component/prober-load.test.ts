import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import type { ProbeSpec } from "../../infra/core/probe-spec.ts";
import type { Measurement } from "../../infra/gate/measurement.ts";
import type { Check } from "../../infra/prober/check.ts";
import { burst } from "../../infra/prober/checks/burst.ts";
import { type HealthSighting, healthWindow, judgeWindow } from "../../infra/prober/checks/health-window.ts";
import { latency, paceOf, sampleCount } from "../../infra/prober/checks/latency.ts";
import type { Exchange } from "../../infra/prober/http.ts";
import { inLanes } from "../../infra/prober/lanes.ts";
import { measure } from "../../infra/prober/suite.ts";
import {
  chatBody,
  type Handler,
  json,
  promptOf,
  ScriptedEngine,
  sendStream,
  streamFrames,
  sumOf,
} from "../support/scripted-engine.ts";

const spec: ProbeSpec = { profile: "gate", expectation: {} };

/** Pauses between retries are over at once. */
const hastyClock = { now: () => systemClock.now(), sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };

let engine: ScriptedEngine | undefined;
afterEach(async () => {
  await engine?.close();
  engine = undefined;
});

async function ask(
  check: Check,
  routes: Readonly<Record<string, Handler>>,
  overrides: Partial<ProbeSpec> = {},
): Promise<Measurement> {
  engine = new ScriptedEngine(routes);
  const target = { name: "pod-a", baseUrl: await engine.listen() };
  const options = { clock: hastyClock, signal: AbortSignal.timeout(4000), seed: 7 };
  return measure(check, target, { ...spec, ...overrides }, options);
}

const chat = (handler: Handler): Record<string, Handler> => ({ "/v1/chat/completions": handler });
const rightAnswer: Handler = (response, body, request) =>
  json(chatBody(String(sumOf(promptOf(body)))))(response, body, request);

/** Answers the nth question, counted from 1, in a way of its own and all others rightly. */
function nth(n: number, handler: Handler): Handler {
  let count = 0;
  return (response, body, request) => {
    count++;
    (count === n ? handler : rightAnswer)(response, body, request);
  };
}

describe("burst", () => {
  test("eight questions at once are all answered, and the reason says how little that proves", async () => {
    const found = await ask(burst, chat(rightAnswer));
    expect(found).toMatchObject({ outcome: "pass", attempts: 8, transportErrors: 0 });
    expect(found.reason).toMatch(/^8 of 8 at once are right, .* bounds the failure rate by 37\.5 %\.$/);
  });

  test.each([
    ["one wrong answer", nth(3, json(chatBody("1"))), "fail", "got 7 right, 1 wrong, 0 lost"],
    ["one error", nth(8, json({ object: "error", message: "boom" }, 500)), "fail", "HTTP 500: boom"],
    ["one empty 200", nth(2, json({})), "fail", "1 wrong, 0 lost; no choices"],
    ["one that never comes", nth(5, () => {}), "error", "7 right, 0 wrong, 1 lost"],
  ])("%s among them decides", async (_name, handler, outcome, reason) => {
    const found = await ask(burst, chat(handler), { timeoutsSeconds: { burst: 0.08 } });
    expect(found.outcome).toBe(outcome);
    expect(found.reason).toContain(reason);
  });

  test("an answer that belongs to another question of the burst is called so", async () => {
    let first: string | undefined;
    const found = await ask(
      burst,
      chat((response, body, request) => {
        first ??= promptOf(body);
        json(chatBody(String(sumOf(first))))(response, body, request);
      }),
    );
    expect(found.outcome).toBe("fail");
    expect(found.reason).toContain("the answer to another question of the burst");
  });

  test("a reset connection is sent again and counted apart", async () => {
    const found = await ask(burst, chat(nth(1, (_response, _body, request) => request.socket.destroy())));
    expect(found).toMatchObject({ outcome: "pass", attempts: 9, transportErrors: 1, facts: { transportErrors: 1 } });
  });

  test.each([
    [3, 3],
    [0, 1],
    [1000, 64],
  ])("a spec that wants %i at once gets %i", async (burstRequests, asked) => {
    expect((await ask(burst, chat(rightAnswer), { burstRequests })).facts.requests).toBe(asked);
  });
});

describe("latency", () => {
  const fastStream: Handler = (response) => sendStream(response, streamFrames("1, 2, 3"));
  const slow = (wait: number): Handler => {
    return (response) => void setTimeout(() => sendStream(response, streamFrames("1, 2, 3")), wait);
  };

  test("without a limit it tells the numbers, claims nothing from twenty samples, and passes", async () => {
    const found = await ask(latency, chat(fastStream));
    expect(found).toMatchObject({ outcome: "pass", attempts: 22, facts: { samples: 20, warmUp: 2, concurrency: 4 } });
    expect(found.reason).toContain("p95 TTFT: no confidence claim: 20 samples, 59 needed");
    expect(found.facts.ttftMsP50).toEqual(expect.any(Number));
  });

  test("with a limit it takes the samples that the claim needs", async () => {
    const found = await ask(latency, chat(fastStream), { latency: { ttftSeconds: 2, quantile: 0.5 } });
    expect(found).toMatchObject({ outcome: "pass", facts: { samples: 8 } });
    expect(found.reason).toContain("p50 TTFT < 2 s at 95 % confidence, n = 8");
  });

  test("an engine that is slower than its limit fails with both numbers", async () => {
    const found = await ask(latency, chat(slow(12)), { latency: { ttftSeconds: 0.01, quantile: 0.5 } });
    expect(found.outcome).toBe("fail");
    expect(found.reason).toContain("p50 TTFT < 0.01 s not shown at 95 % confidence: 8 of 8 at or above it, 1 allowed");
  });

  test("a slow warm-up is not counted", async () => {
    let asked = 0;
    const handler: Handler = (...request) => (++asked <= 2 ? slow(50) : fastStream)(...request);
    const found = await ask(latency, chat(handler), { latency: { ttftSeconds: 0.05, quantile: 0.5 } });
    expect(found.outcome).toBe("pass");
  });

  test("pauses between tokens have a limit of their own", async () => {
    const dripping: Handler = (response) => {
      const frames = streamFrames("1,2");
      response.writeHead(200, { "content-type": "text/event-stream" });
      const next = () => {
        const frame = frames.shift();
        if (frame === undefined) response.end();
        else response.write(frame, () => void setTimeout(next, 2));
      };
      next();
    };
    const found = await ask(latency, chat(dripping), {
      latency: { ttftSeconds: 2, interTokenSeconds: 0.001, quantile: 0.5 },
    });
    expect(found.outcome).toBe("fail");
    expect(found.reason).toContain("p50 inter-token latency < 0.001 s not shown");
  });

  test("an engine that hangs is waited for once, not once a sample", async () => {
    const found = await ask(
      latency,
      chat(() => {}),
      { timeoutsSeconds: { latency: 0.03 } },
    );
    expect(found).toMatchObject({ outcome: "error", attempts: 1, reason: "stream: no answer within 0.03 s." });
  });

  test.each([
    ["an error frame", ['data: {"error":{"message":"queue is full"}}\n\n'], "an error frame inside a 200 stream"],
    ["one token only", streamFrames("7"), "wanted a stream of tokens, got fewer than two"],
  ])("a stream with %s fails", async (_name, frames, reason) => {
    const found = await ask(
      latency,
      chat((response) => sendStream(response, frames)),
    );
    expect(found.outcome).toBe("fail");
    expect(found.reason).toContain(reason);
  });

  test("a claim that would take all day is refused before anything is asked", async () => {
    const found = await ask(latency, {}, { latency: { ttftSeconds: 1, quantile: 0.999 } });
    expect(found).toMatchObject({ outcome: "error", attempts: 0 });
    expect(found.reason).toContain("needs 4742 samples, and at most 1000 are taken");
  });

  test.each([
    ["gate", undefined, 20],
    ["soak", undefined, 59],
    ["gate", { quantile: 0.99 }, 20],
    ["gate", { ttftSeconds: 1 }, 93],
    ["soak", { interTokenSeconds: 1 }, 93],
  ] as const)("the samples of %s with the objective %j are %i", (profile, objective, count) => {
    const claim = { quantile: 0.95, confidence: 0.95 };
    const withObjective = objective === undefined ? {} : { latency: objective };
    expect(sampleCount({ profile, expectation: {}, ...withObjective }, claim)).toBe(count);
  });

  test("thoughts count as tokens, the role and the usage do not", () => {
    const frame = (delta: object, at: number) => ({ payload: JSON.stringify({ choices: [{ delta }] }), at });
    const frames = [
      frame({ role: "assistant", content: "" }, 5),
      frame({ reasoning_content: "hm" }, 10),
      frame({ content: "1" }, 20),
      frame({ content: "2" }, 40),
      { payload: '{"choices":[],"usage":{}}', at: 90 },
      { payload: "[DONE]", at: 90 },
    ];
    expect(paceOf(frames)).toEqual({ ttft: 10, interToken: 15 });
    expect(paceOf(frames.slice(0, 2))).toBeUndefined();
  });
});

describe("health under load", () => {
  const answered = (status: number, took = 1000): Exchange => {
    return { kind: "answer", status, contentType: "", body: "", chunks: [], took, cut: undefined };
  };
  const timedOut: Exchange = { kind: "noAnswer", reason: "no answer within 25 s", timedOut: true, took: 25_000 };
  const busy = (result: Exchange): HealthSighting => ({ result, hadProgress: true });
  const idle = (result: Exchange): HealthSighting => ({ result, hadProgress: false });
  const ok = busy(answered(200));

  test.each<[string, HealthSighting[], string | undefined, string]>([
    ["nothing yet", [], undefined, ""],
    ["one 200 of three", [ok], undefined, ""],
    ["three 200", [ok, ok, ok], "pass", "3 of 3 healthy, the slowest after 1000 ms; other requests were answered"],
    [
      "three 200 and nothing else",
      Array(3).fill(idle(answered(200))),
      "pass",
      "no other request was answered meanwhile",
    ],
    ["a slow 200", [ok, busy(answered(200, 19_000)), ok], "pass", "the slowest after 19000 ms"],
    ["a 503 at once", [busy(answered(503, 3))], "fail", "question 1 of 3: wanted 200, got 503 after 3 ms"],
    ["a 503 at the end", [ok, ok, busy(answered(503, 3))], "fail", "question 3 of 3: wanted 200, got 503"],
    ["no answer while others are answered", [ok, busy(timedOut)], undefined, ""],
    ["one of three busy", [ok, busy(timedOut), ok], "pass", "2 of 3 healthy"],
    ["two of three busy", [busy(timedOut), busy(timedOut), ok], "error", "the others are busy or blocked"],
    ["no answer and no progress", [ok, idle(timedOut)], "error", "no other request was answered meanwhile"],
    ["no health endpoint", [busy(answered(404))], "skipped", "no health endpoint"],
  ])("%s", (_name, sightings, outcome, reason) => {
    const finding = judgeWindow(sightings, 3);
    expect(finding?.outcome).toBe(outcome);
    expect(finding?.reason ?? "").toContain(reason);
  });

  test("health is asked three times while the engine answers sums", async () => {
    const slowHealth: Handler = (response) => void setTimeout(() => response.writeHead(200).end(), 15);
    const found = await ask(healthWindow, { "/health": slowHealth, ...chat(rightAnswer) });
    expect(found).toMatchObject({ outcome: "pass", facts: { healthy: 3, busyOrBlocked: 0 } });
    expect(engine?.requests.filter((request) => request === "GET /health")).toHaveLength(3);
    expect(engine?.requests).toContain("POST /v1/chat/completions");
  });

  test("an engine that hangs altogether is an error after one timeout", async () => {
    const found = await ask(
      healthWindow,
      { "/health": () => {}, ...chat(() => {}) },
      { timeoutsSeconds: { "health-window": 0.05 } },
    );
    expect(found.outcome).toBe("error");
    expect(found.reason).toContain("no answer within 0.05 s, and no other request was answered meanwhile");
  });
});

test("lanes keep the order of results and the bound on what runs at once", async () => {
  let running = 0;
  let most = 0;
  const results = await inLanes(7, 3, async (index) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    return index * 10;
  });
  expect(results).toEqual([0, 10, 20, 30, 40, 50, 60]);
  expect(most).toBe(3);
});
