import { describe, expect, test } from "vitest";
import { PromotionStack, type Standing } from "../support/promotion-stack.ts";
import type { PulumiProcesses, Victims } from "../support/pulumi-processes.ts";
import { quick, quickRevision } from "../support/quick-promotion.ts";

const candidate = quickRevision(64);

/** The phases, each by a line that is printed when it is under way, and whether traffic has been switched by then. */
const phases = [
  { phase: "ready", line: /\[ready\] keye-/, isSwitched: false },
  { phase: "probe", line: /\[probe\] .*health pass/, isSwitched: false },
  { phase: "between switch and evidence", line: /\[switch\] .* -> /, isSwitched: true },
  { phase: "soak", line: /\[traffic\] \d+ of \d+/, isSwitched: true },
  { phase: "retire", line: /\[soak\] \d+ s without a restart/, isSwitched: true },
] as const;

const lease = "/apis/coordination.k8s.io/v1/namespaces/keye/leases/rollgate-keye";

function killing(victims: Victims) {
  return (processes: PulumiProcesses) => processes.send("SIGKILL", victims);
}

/** One stack with its stable revision for one test. */
async function withStack(use: (stack: PromotionStack, stable: string) => Promise<void>): Promise<void> {
  const stack = await PromotionStack.start();
  try {
    const { exitCode, output } = await stack.up(quick);
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    await use(stack, String((await stack.outputs()).activeRevision));
  } finally {
    await stack.close();
  }
}

/** Updates once more, to the end: the candidate serves, and nothing else is left. */
async function converges(stack: PromotionStack): Promise<void> {
  const { exitCode, output } = await stack.up(candidate);
  expect(output).not.toContain("error:");
  expect(exitCode).toBe(0);
  const { activeRevision, revision } = await stack.outputs();
  expect(activeRevision).toBe(revision);
  await stack.becomes({ live: String(revision), replicas: { [String(revision)]: 2 } });
  expect((await stack.up(candidate)).output).toMatch(/\d+ unchanged/);
}

async function candidateOf(stack: PromotionStack, stable: string): Promise<string> {
  return Object.keys((await stack.standing()).replicas).find((revision) => revision !== stable) ?? "";
}

// Each goes through all phases: the update that follows a kill goes on from there, and is killed in the next one.
describe.concurrent("SIGKILL in every phase, and an update after each", () => {
  test("the engine: the plugin goes back to the stable revision, or leaves the one that has proven itself", async () => {
    await withStack(async (stack, stable) => {
      for (const { phase, line } of phases) {
        await stack.up(candidate, { line, action: killing("engine") });
        const b = await candidateOf(stack, stable);
        const isProven = phase === "retire";
        await stack.becomes({
          live: isProven ? b : stable,
          replicas: { [stable]: 2, [b]: isProven ? 2 : 0 },
        });
        expect((await stack.pulumi(["cancel", "--yes"])).exitCode).toBe(0);
      }
      await converges(stack);
    });
  });

  test("the plugin: what served serves on, the candidate stays as it is for the update that takes over", async () => {
    await withStack(async (stack, stable) => {
      for (const { line, isSwitched } of phases) {
        const { exitCode, output } = await stack.up(candidate, { line, action: killing("plugin") });
        expect(exitCode).not.toBe(0);
        expect(output).toContain("error:");
        const b = await candidateOf(stack, stable);
        const expected: Standing = { live: isSwitched ? b : stable, replicas: { [stable]: 2, [b]: 2 } };
        expect(await stack.standing()).toEqual(expected);
        expect((await stack.outputs()).activeRevision).toBe(stable);
        // As somebody would who knows that the holder is dead: half a minute less to wait.
        await stack.cluster.call({ method: "DELETE", path: lease });
      }
      await converges(stack);
    });
  });

  test("everything during the first deploy: nothing serves; the next update waits for the Lease, and goes on", async () => {
    const stack = await PromotionStack.start();
    try {
      await stack.up(candidate, { line: /\[ready\] keye-/, action: killing("all") });
      const { live, replicas } = await stack.standing();
      expect({ live, replicas: Object.values(replicas) }).toEqual({ live: "none", replicas: [2] });
      expect((await stack.up(candidate)).output).toContain("the stack is currently locked");
      expect((await stack.pulumi(["cancel", "--yes"])).exitCode).toBe(0);
      await converges(stack);
    } finally {
      await stack.close();
    }
  });
});
