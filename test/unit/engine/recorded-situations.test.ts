import { expect, test } from "vitest";
import { contentOf, EngineUnderTest, stackFlags } from "./support.ts";

test("without health generation /health says 200 at once, and /health_generate takes its second, as recorded", async () => {
  const env = { SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION: "false" };
  await using engine = new EngineUnderTest(stackFlags, { env });
  await engine.untilReady();
  const [health, generate] = await engine.settle(Promise.all([engine.ask("/health"), engine.ask("/health_generate")]));
  expect([health.status, health.tookMs < 100]).toEqual([200, true]);
  expect([generate.status, generate.tookMs >= 1000]).toEqual([200, true]);
});

test("a chat request that comes during the warm-up waits for it and is answered, as recorded", async () => {
  await using engine = new EngineUnderTest(stackFlags);
  await engine.untilLogged("Uvicorn running");
  const early = engine.chat("What is 17 + 25? Answer with the number only.");
  expect((await engine.settle(engine.ask("/health"))).status).toBe(503);
  const answer = await engine.settle(early);
  expect([answer.status, contentOf(answer)]).toEqual([200, "42"]);
  expect(engine.lines.join("\n")).toContain("fired up and ready to roll");
});
