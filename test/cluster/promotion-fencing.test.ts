import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { snapshot, versions } from "../support/keye-objects.ts";
import { type Ended, PromotionStack } from "../support/promotion-stack.ts";
import { quick, quickRevision } from "../support/quick-promotion.ts";

type Versions = Readonly<Record<string, string | undefined>>;

/** How a writer that stalled ended, and what was there before it woke up and after it ended. */
interface Fenced {
  readonly stalled: Ended;
  readonly successor: Ended;
  readonly before: Versions;
  readonly after: Versions;
}

/** A runner is stopped as a laptop that sleeps is, for longer than the Lease lasts. */
describe("a runner that stalls until another has taken over", () => {
  let stack: PromotionStack;
  let stable: string;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    const { exitCode, output } = await stack.up(quick);
    if (exitCode !== 0) throw new Error(output);
    stable = String((await stack.outputs()).activeRevision);
  });

  afterAll(() => stack?.close());

  /** The versions of all that a promotion writes. What retired meanwhile still ends: pods and ReplicaSets are others' doing. */
  async function written(): Promise<Versions> {
    const all = Object.entries(versions(await snapshot(stack.cluster)));
    return Object.fromEntries(all.filter(([key]) => !/\/(pods|replicasets)\//.test(key)));
  }

  /** Stops a promotion of the candidate at a line, runs another to its end, and wakes the first. */
  async function stalledAt(line: RegExp, candidate: typeof quick, successor: typeof quick): Promise<Fenced> {
    let others: Pick<Fenced, "successor" | "before"> | undefined;
    const stalled = await stack.up(candidate, {
      line,
      action: async (processes) => {
        processes.send("SIGSTOP", "plugin");
        try {
          await stack.pulumi(["cancel", "--yes"]);
          const ended = await stack.up(successor);
          others = { successor: ended, before: await written() };
        } finally {
          processes.send("SIGCONT", "plugin");
        }
      },
    });
    if (others === undefined) throw new Error("it was not stopped");
    return { stalled, ...others, after: await written() };
  }

  test("before the switch: it writes nothing any more, and what its successor promoted serves", async () => {
    const candidate = quickRevision(64);
    const { stalled, successor, before, after } = await stalledAt(/\[probe\] .*health pass/, candidate, candidate);
    expect(successor.exitCode).toBe(0);
    expect(stalled.exitCode).not.toBe(0);
    expect(stalled.output).toMatch(/error: E_LOCKED phase=\w+: .*the Lease was lost to another writer/);
    expect(after).toEqual(before);
  });

  test("after the switch: it neither goes back nor retires, and says that it does not know what serves", async () => {
    const candidate = quickRevision(65);
    const { stalled, successor, before, after } = await stalledAt(
      /\[traffic\] \d+ of \d+/,
      candidate,
      quickRevision(64),
    );
    expect(successor.exitCode).toBe(0);
    expect(stalled.exitCode).not.toBe(0);
    expect(stalled.output).toContain("E_ROLLBACK_FAILED");
    expect(stalled.output).toContain("the Lease was lost");
    expect(after).toEqual(before);
    expect((await stack.standing()).live).not.toBe(stable);
  });
});
