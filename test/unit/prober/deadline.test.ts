import { setTimeout as after } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import type { ProbeSpec } from "../../../infra/core/probe-spec.ts";
import type { Check } from "../../../infra/prober/check.ts";
import { latency } from "../../../infra/prober/checks/latency.ts";
import { text } from "../../../infra/prober/checks/text.ts";
import { video } from "../../../infra/prober/checks/video.ts";
import { deadlineOf, measure, runSuite } from "../../../infra/prober/suite.ts";
import { checkOf } from "../../../infra/prober/user-suite/user-check.ts";
import { chatBody, json, promptOf, ScriptedEngine, sumOf } from "../../support/scripted-engine.ts";

const gate: ProbeSpec = { profile: "gate", expectation: {} };
/** Ten right answers in a row are wanted, in so little time. */
const hasty: ProbeSpec = { ...gate, consecutivePasses: 10, deadlinesSeconds: { text: 0.02 } };

const engine = new ScriptedEngine({
  "/v1/chat/completions": async (response, body, request) => {
    await after(4);
    json(chatBody(String(sumOf(promptOf(body)))))(response, body, request);
  },
});
const options = { clock: systemClock, signal: AbortSignal.timeout(4000), seed: 1 };

afterEach(() => engine.close());

describe("a check's own deadline", () => {
  test("ends a check whose answers are each in time and together are not, and tells how far it came", async () => {
    const target = { name: "pod-a", baseUrl: await engine.listen() };
    const found = await measure(text, target, hasty, options);
    expect(found.outcome).toBe("error");
    expect(found.attempts).toBeGreaterThan(1);
    expect(found.reason).toBe(
      `text took longer than its 0.02 s deadline; ${found.attempts} requests were asked, the last was POST /v1/chat/completions.`,
    );
  });

  test("leaves a check alone that is done before", async () => {
    const target = { name: "pod-a", baseUrl: await engine.listen() };
    const unhurried = { ...hasty, deadlinesSeconds: { text: 4 } };
    expect(await measure(text, target, unhurried, options)).toMatchObject({ outcome: "pass", attempts: 10 });
  });

  test("counts the pauses before a request is sent again", async () => {
    const target = { name: "pod-a", baseUrl: "http://127.0.0.1:1" };
    const { reason } = await measure(text, target, hasty, options);
    expect(reason).toMatch(/^text took longer than its 0\.02 s deadline; 1 request was asked/);
  });

  test("is no answer, as any other: the rest is skipped because of it", async () => {
    const target = { name: "pod-a", baseUrl: await engine.listen() };
    const { measurements } = await runSuite(target, hasty, { ...options, checks: [text, video] });
    expect(measurements.map(({ outcome }) => outcome)).toEqual(["error", "skipped"]);
    expect(measurements[1]?.reason).toBe("text got no answer.");
  });

  test("does not hide that the whole run was cancelled", async () => {
    const target = { name: "pod-a", baseUrl: await engine.listen() };
    const signal = AbortSignal.abort(new Error("cancelled"));
    await expect(measure(text, target, hasty, { ...options, signal })).rejects.toThrow("cancelled");
  });
});

describe("how long a check may take", () => {
  test.each<[string, Check, Partial<ProbeSpec>, number]>([
    ["one right answer leaves room for three requests", text, { profile: "smoke" }, 180],
    ["three in a row leave room for five", text, {}, 300],
    ["the passes in a row count", text, { consecutivePasses: 10 }, 720],
    ["a longer timeout of one request makes it longer", video, { timeoutsSeconds: { video: 300 } }, 1500],
    ["video has ten minutes", video, {}, 600],
    ["latency has a deadline of its own", latency, { profile: "smoke" }, 600],
    ["the probe spec decides before both", latency, { deadlinesSeconds: { latency: 45 } }, 45],
  ])("%s", (_name, check, fields, seconds) => {
    expect(deadlineOf(check, { ...gate, ...fields })).toBe(seconds);
  });

  test("a user's check has room for each of its repeats", () => {
    const matcher = { kind: "contains", text: "x" } as const;
    const messages = [{ role: "user", content: "x" }] as const;
    const user = { name: "own", messages, image: undefined, matcher, severity: "critical", maxTokens: 8 } as const;
    expect(deadlineOf(checkOf({ ...user, timeoutSeconds: 20, repeat: 50 }), gate)).toBe(1040);
  });
});
