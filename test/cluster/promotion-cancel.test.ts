import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PromotionStack } from "../support/promotion-stack.ts";

/** Another revision: one argument of the engine differs. */
const candidate = [
  { path: ["engine", "maxRunningRequests"], value: 64 },
  { path: ["rollout", "keepRevisions"], value: 0 },
];

describe("Ctrl-C during a promotion", () => {
  let stack: PromotionStack;
  let stable: string;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    const first = await stack.up();
    if (first.exitCode !== 0) throw new Error(first.output);
    stable = String((await stack.outputs()).activeRevision);
  });

  afterAll(() => stack?.close());

  test.each([
    { phase: "while pods start", line: /\[ready\] keye-/ },
    { phase: "while pods are probed", line: /\[probe\] .*health pass/ },
    { phase: "after the switch, while traffic is verified", line: /\[switch\] .* -> / },
    { phase: "while the candidate soaks", line: /\[traffic\] \d+ of \d+/ },
  ])("$phase: the stable revision serves, the candidate is parked, within five seconds", async ({ line }) => {
    const ended = await stack.up(candidate, { line, action: "interrupt" });
    expect(ended.exitCode).not.toBe(0);
    expect(ended.output).toContain("E_CANCELLED");
    expect(ended.secondsAfterInterrupt).toBeLessThan(5);
    const { live, replicas } = await stack.standing();
    const { [stable]: ofStable, ...others } = replicas;
    expect({ live, ofStable }).toEqual({ live: stable, ofStable: 2 });
    expect(Object.values(others)).toEqual([0]);
    expect((await stack.outputs()).activeRevision).toBe(stable);
  });

  test("the next update promotes what was cancelled", async () => {
    const { exitCode, output } = await stack.up(candidate);
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    const { activeRevision, revision } = await stack.outputs();
    expect(activeRevision).toBe(revision);
    expect(activeRevision).not.toBe(stable);
    await stack.becomes({ live: String(revision), replicas: { [String(revision)]: 2 } });
  });
});
