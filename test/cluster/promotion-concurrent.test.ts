import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, PromotionStack } from "../support/promotion-stack.ts";
import { quick, quickRevision } from "../support/quick-promotion.ts";

/** A promotion that soaks for long enough to run others beside it: the Lease is renewed every ten seconds. */
const soaking = [
  ...quickRevision(64),
  { path: ["rollout", "deadlines", "soakSeconds"], value: 35 },
  { path: ["rollout", "deadlines", "totalSeconds"], value: 700 },
];

describe("two updates of one stack at once", () => {
  let stack: PromotionStack;
  let stable: string;
  let locked: Ended;
  let refused: Ended;
  let first: Ended;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    const { exitCode, output } = await stack.up(quick);
    if (exitCode !== 0) throw new Error(output);
    stable = String((await stack.outputs()).activeRevision);
    first = await stack.up(soaking, {
      line: /\[traffic\] \d+ of \d+/,
      action: async () => {
        locked = await stack.up(soaking);
        // With a file backend this ends nothing: it deletes the lock.
        await stack.pulumi(["cancel", "--yes"]);
        refused = await stack.up(soaking);
      },
    });
  });

  afterAll(() => stack?.close());

  test("the second is refused by the backend, which names the first", () => {
    expect(locked.exitCode).not.toBe(0);
    expect(locked.output).toMatch(/error: the stack is currently locked by 1 lock\(s\)/);
    expect(locked.output).toMatch(/pid \d+/);
  });

  test("where that lock was taken away, the second is refused by the Lease, with holder and age", () => {
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(
      /error: E_LOCKED phase=lock: keye\/leases\/rollgate-keye: holder=\S+\/\d+\/[0-9a-f]{8} since=\S+, renewed \d+ s ago/,
    );
    expect(refused.output).not.toMatch(/\[observe\]|\[scale\]|\[switch\]/);
  });

  test("the first ends well meanwhile, and nothing of it is lost", async () => {
    // All that it misses in the end is the lock that was taken away.
    expect(first.output.match(/error: .*/g)).toEqual([
      expect.stringContaining("there was a problem deleting the lock"),
    ]);
    const { activeRevision, revision } = await stack.outputs();
    expect(activeRevision).toBe(revision);
    expect(activeRevision).not.toBe(stable);
    await stack.becomes({ live: String(revision), replicas: { [String(revision)]: 2 } });
    const { exitCode, output } = await stack.up(soaking);
    expect(output).toMatch(/\d+ unchanged/);
    expect(output).not.toMatch(/created|updated|deleted/);
    expect(exitCode).toBe(0);
  });
});
