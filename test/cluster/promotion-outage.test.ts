import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PromotionStack } from "../support/promotion-stack.ts";

describe("an API server that goes away during a promotion", () => {
  let stack: PromotionStack;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    const first = await stack.up();
    if (first.exitCode !== 0) throw new Error(first.output);
  });

  afterAll(() => stack?.close());

  /** A revision of its own for each outage, with deadlines that leave room for it. */
  const candidate = (requests: number) => [
    { path: ["engine", "maxRunningRequests"], value: requests },
    { path: ["rollout", "deadlines", "verifySeconds"], value: 240 },
    { path: ["rollout", "deadlines", "totalSeconds"], value: 900 },
  ];

  test.each([
    { phase: "while pods start, for a minute", line: /\[ready\] keye-/, seconds: 60, requests: 60 },
    { phase: "while pods are probed", line: /\[probe\] .*health pass/, seconds: 10, requests: 61 },
    { phase: "after the switch", line: /\[switch\] .* -> /, seconds: 10, requests: 62 },
    { phase: "while the candidate soaks", line: /\[traffic\] \d+ of \d+/, seconds: 10, requests: 63 },
  ])("$phase: the promotion goes on where it was", async ({ line, seconds, requests }) => {
    const outage = async () => {
      await stack.cluster.rehearsal.pauseApiserver();
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      await stack.cluster.rehearsal.resumeApiserver();
    };
    const { exitCode, output } = await stack.up(candidate(requests), { line, action: outage });
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    const { activeRevision, revision } = await stack.outputs();
    expect(activeRevision).toBe(revision);
    expect(await stack.standing()).toEqual({ live: revision, replicas: { [String(revision)]: 2 } });
  });
});
