import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import type { ProbeSpec } from "../../../infra/core/probe-spec.ts";
import type { Measurement } from "../../../infra/gate/measurement.ts";
import { everyProfile } from "../../../infra/prober/check.ts";
import { health } from "../../../infra/prober/checks/health.ts";
import { runSuite } from "../../../infra/prober/suite.ts";
import { runTraffic } from "../../../infra/prober/traffic.ts";
import {
  chatBody,
  type Handler,
  json,
  promptOf,
  rightChat,
  ScriptedEngine,
  sendStream,
  streamFrames,
  sumOf,
} from "../../support/scripted-engine.ts";

const spec: ProbeSpec = {
  profile: "smoke",
  consecutivePasses: 2,
  expectation: {
    weightVersion: "rev",
    servedModelName: "keye",
    tpSize: 2,
    memFractionStatic: 0.8,
    attentionBackend: "keye_sa",
  },
};

const serverInfo = {
  status: "ready",
  model_path: "Kwai-Keye/Keye-VL-2.0-30B-A3B",
  served_model_name: "keye",
  tp_size: 2,
  mem_fraction_static: 0.8,
  attention_backend: "keye_sa",
  page_size: 64,
  max_req_input_len: 262138,
  api_key: "sk-planted-key",
};

const goodRoutes: Readonly<Record<string, Handler>> = {
  "/health": (response) => response.writeHead(200).end(),
  "/model_info": json({ weight_version: "rev", architectures: ["KeyeVL2MoeForConditionalGeneration"] }),
  "/server_info": json(serverInfo),
  "/v1/models": json({ data: [{ id: "keye", max_model_len: 262144 }] }),
  "/v1/chat/completions": rightChat,
};

let engine: ScriptedEngine | undefined;
afterEach(async () => {
  await engine?.close();
  engine = undefined;
});

async function probe(
  routes: Readonly<Record<string, Handler>>,
  overrides: Partial<ProbeSpec> = {},
): Promise<readonly Measurement[]> {
  engine = new ScriptedEngine({ ...goodRoutes, ...routes });
  const target = { name: "pod-a", baseUrl: await engine.listen() };
  const options = { clock: systemClock, signal: AbortSignal.timeout(4000) };
  const report = await runSuite(target, { ...spec, ...overrides }, options);
  return report.measurements;
}

function outcomes(measurements: readonly Measurement[]): Record<string, string> {
  return Object.fromEntries(measurements.map((m) => [m.check, m.outcome]));
}

const chat = (whole: (prompt: string) => unknown): Record<string, Handler> => ({
  "/v1/chat/completions": (response, body, request) => {
    if (body.stream === true) rightChat(response, body, request);
    else json(whole(promptOf(body)))(response, body, request);
  },
});

const streamed = (send: (response: Parameters<Handler>[0], frames: string[]) => void): Record<string, Handler> => ({
  "/v1/chat/completions": (response, body, request) => {
    if (body.stream === true) send(response, streamFrames(String(sumOf(promptOf(body)))));
    else rightChat(response, body, request);
  },
});

test("a healthy engine passes every check, and the keys in its self-description stay out of the report", async () => {
  const measurements = await probe({});
  expect(outcomes(measurements)).toEqual({ health: "pass", identity: "pass", text: "pass", streaming: "pass" });
  expect(JSON.stringify(measurements)).not.toContain("sk-planted-key");
});

test.each<[string, string, Record<string, Handler>, string, string]>([
  [
    "a server that still warms up",
    "health",
    { "/health": (r) => r.writeHead(503).end() },
    "fail",
    "warming up, or draining",
  ],
  [
    "another revision",
    "identity",
    { "/model_info": json({ weight_version: "old" }) },
    "fail",
    'weight_version: wanted "rev", got "old"',
  ],
  [
    "dense attention",
    "identity",
    { "/server_info": json({ ...serverInfo, attention_backend: "fa3" }) },
    "fail",
    'attention_backend: wanted "keye_sa", got "fa3"',
  ],
  [
    "a wrong tp size and fraction",
    "identity",
    { "/server_info": json({ ...serverInfo, tp_size: 1, mem_fraction_static: 0.7 }) },
    "fail",
    "tp_size: wanted 2, got 1; mem_fraction_static: wanted 0.8, got 0.7",
  ],
  [
    "another model's name",
    "identity",
    { "/v1/models": json({ data: [{ id: "qwen" }] }) },
    "fail",
    'id in /v1/models: wanted "keye", got "qwen"',
  ],
  ["wrong arithmetic", "text", chat((p) => chatBody(String(sumOf(p) + 1))), "fail", "wanted"],
  ["one constant answer", "text", chat(() => chatBody("42")), "fail", "wanted"],
  ["an empty answer", "text", chat(() => chatBody("")), "fail", "the answer has no content"],
  ["null content", "text", chat(() => chatBody(null)), "fail", "the answer has no content"],
  [
    "an error body with 200",
    "text",
    chat(() => ({ object: "error", message: "boom", code: 500 })),
    "fail",
    "an error in a 200 answer: boom",
  ],
  [
    "an answer of another revision",
    "text",
    chat((p) => chatBody(String(sumOf(p)), "old")),
    "fail",
    "metadata.weight_version: wanted rev, got old",
  ],
  [
    "HTML instead of JSON",
    "text",
    { "/v1/chat/completions": (r) => r.writeHead(200).end("<html>") },
    "fail",
    "not a JSON object",
  ],
  [
    "a 500 with the flat error body",
    "text",
    { "/v1/chat/completions": json({ object: "error", message: "scheduler died" }, 500) },
    "fail",
    "HTTP 500: scheduler died",
  ],
  [
    "a stream without [DONE]",
    "streaming",
    streamed((r, f) => sendStream(r, f.slice(0, -1))),
    "fail",
    "ended without [DONE]",
  ],
  [
    "a stream that breaks off",
    "streaming",
    streamed((r, f) => sendStream(r, f.slice(0, 2), { cut: true })),
    "fail",
    "ended without [DONE]",
  ],
  [
    "an error frame inside 200",
    "streaming",
    streamed((r) => sendStream(r, ['data: {"error":{"message":"queue is full"}}\n\n', "data: [DONE]\n\n"])),
    "fail",
    "an error frame inside a 200 stream: queue is full",
  ],
  [
    "a stream without usage",
    "streaming",
    streamed((r, f) =>
      sendStream(
        r,
        f.filter((x) => !x.includes("usage")),
      ),
    ),
    "fail",
    "no usage frame",
  ],
  [
    "a stream without finish_reason",
    "streaming",
    streamed((r, f) =>
      sendStream(
        r,
        f.filter((x) => !x.includes('"stop"')),
      ),
    ),
    "fail",
    "no delta carries a finish_reason",
  ],
  [
    "a stream that is not one",
    "streaming",
    streamed((r) => r.writeHead(200, { "content-type": "application/json" }).end("{}")),
    "fail",
    "wanted text/event-stream",
  ],
])("%s is caught by %s", async (_name, check, routes, outcome, reason) => {
  const found = (await probe(routes)).find((measurement) => measurement.check === check);
  expect(found?.outcome).toBe(outcome);
  expect(found?.reason).toContain(reason);
});

describe("a run that gets no answer", () => {
  test("an engine that hangs is an error after the check's own timeout, and the rest is skipped because of it", async () => {
    const measurements = await probe({ "/health": () => {} }, { timeoutsSeconds: { health: 0.05 } });
    expect(outcomes(measurements)).toEqual({
      health: "error",
      identity: "skipped",
      text: "skipped",
      streaming: "skipped",
    });
    expect(measurements[0]?.reason).toBe("GET /health: no answer within 0.05 s.");
    expect(measurements[1]?.reason).toBe("health got no answer.");
  });

  test("an aborted signal ends the run at once with its reason", async () => {
    engine = new ScriptedEngine({ "/health": () => {} });
    const stop = new AbortController();
    const run = runSuite({ name: "x", baseUrl: await engine.listen() }, spec, {
      clock: systemClock,
      signal: stop.signal,
    });
    stop.abort(new Error("cancelled by the user"));
    await expect(run).rejects.toThrow("cancelled by the user");
  });
});

test("traffic through a Service names the revision of each answer", async () => {
  let calls = 0;
  engine = new ScriptedEngine(chat((p) => chatBody(String(sumOf(p)), calls++ === 2 ? "old" : "rev")));
  const target = { name: "keye", baseUrl: await engine.listen() };
  const report = await runTraffic(target, spec, 6, { clock: systemClock, signal: AbortSignal.timeout(4000) });
  expect(report.measurements.map((m) => m.facts.weightVersion).sort()).toEqual([
    "old",
    "rev",
    "rev",
    "rev",
    "rev",
    "rev",
  ]);
  expect(report.measurements.filter((m) => m.outcome === "fail")).toHaveLength(1);
});

test("the same seed asks the same questions, another seed others", async () => {
  const seen: unknown[] = [];
  const remember: Handler = (response, body, request) => {
    seen.push(promptOf(body));
    rightChat(response, body, request);
  };
  engine = new ScriptedEngine({ ...goodRoutes, "/v1/chat/completions": remember });
  const target = { name: "pod-a", baseUrl: await engine.listen() };
  for (const seed of [1, 1, 2])
    await runSuite(target, spec, { clock: systemClock, signal: AbortSignal.timeout(4000), seed });
  const [first, second, third] = [seen.slice(0, 3), seen.slice(3, 6), seen.slice(6)];
  expect(second).toEqual(first);
  expect(third).not.toEqual(first);
});

test("a check that only warns and gets no answer does not end the run", async () => {
  engine = new ScriptedEngine(goodRoutes);
  const target = { name: "pod-a", baseUrl: await engine.listen() };
  const silent = {
    name: "own",
    proves: "nothing",
    profiles: everyProfile,
    severity: "warning" as const,
    timeoutSeconds: 1,
    run: async () => ({ outcome: "error" as const, reason: "No answer." }),
  };
  const options = { clock: systemClock, signal: AbortSignal.timeout(4000), checks: [silent, health] };
  const { measurements } = await runSuite(target, spec, options);
  expect(outcomes(measurements)).toEqual({ own: "error", health: "pass" });
});

test("a run that stops at the first fail asks nothing more", async () => {
  engine = new ScriptedEngine({ ...goodRoutes, "/model_info": json({ weight_version: "old" }) });
  const target = { name: "pod-a", baseUrl: await engine.listen() };
  const options = { clock: systemClock, signal: AbortSignal.timeout(4000), stopsAtFail: true };
  const { measurements } = await runSuite(target, spec, options);
  expect(outcomes(measurements)).toEqual({ health: "pass", identity: "fail", text: "skipped", streaming: "skipped" });
  expect(measurements.at(-1)?.reason).toBe("identity has failed already.");
  expect(engine.requests).not.toContain("POST /v1/chat/completions");
});
