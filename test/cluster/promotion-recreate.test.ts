import { afterAll, beforeAll, expect, test } from "vitest";
import { narrowNodes, recreatedRevision } from "../support/narrow-stack.ts";
import { PromotionStack } from "../support/promotion-stack.ts";

// A cluster with the GPUs of one revision: what the old one has, the new one needs.

let stack: PromotionStack;
/** The revision that serves between the tests. */
let stable: string;

beforeAll(async () => {
  stack = await PromotionStack.start({ nodes: narrowNodes });
  const first = await stack.up(recreatedRevision(1));
  if (first.exitCode !== 0) throw new Error(first.output);
  stable = String((await stack.outputs()).activeRevision);
});

afterAll(() => stack?.close());

/** Seconds in which the live Service had no ready endpoint, as somebody sees it who looks all the time; until `action` ends. */
async function darkDuring<T>(action: Promise<T>): Promise<{ readonly result: T; readonly darkSeconds: number }> {
  const { cluster } = stack.connection;
  let isOver = false;
  const watching = (async () => {
    let dark = 0;
    let servedAt = performance.now();
    while (!isOver) {
      const { endpoints } = await cluster.observe(stack.ref, stack.cluster.signal);
      const now = performance.now();
      if (endpoints.some(({ ready, terminating }) => ready && !terminating)) {
        if (now - servedAt > 1_000) dark += now - servedAt;
        servedAt = now;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return dark / 1000;
  })();
  const result = await action.finally(() => {
    isOver = true;
  });
  return { result, darkSeconds: await watching };
}

async function watchdogJobs(): Promise<readonly string[]> {
  const path = "/apis/batch/v1/namespaces/keye/jobs";
  const query = { labelSelector: "keye-stack.dev/watchdog=keye" };
  const { items } = await stack.cluster.call<{ items: { metadata: { name: string } }[] }>({
    method: "GET",
    path,
    query,
  });
  return items.map(({ metadata }) => metadata.name);
}

/** What is asked of each revision that is asked for anything. */
async function asked() {
  const { live, replicas } = await stack.standing();
  return { live, replicas: Object.fromEntries(Object.entries(replicas).filter(([, count]) => count > 0)) };
}

test("a preview warns of the outage, in numbers", async () => {
  const { exitCode, output } = await stack.preview(recreatedRevision(2));
  expect(output).toMatch(
    /warning: OUTAGE: nobody serves from when the old revision goes until the new one is proven\./,
  );
  expect(output).not.toContain("No watchdog");
  expect(exitCode).toBe(0);
});

test("the new revision takes the place of the old one, and the outage that is told is the one that was", async () => {
  const { result, darkSeconds } = await darkDuring(stack.up(recreatedRevision(2)));
  expect(result.output).not.toContain("error:");
  expect(result.exitCode).toBe(0);
  const { activeRevision, revision, outageSeconds } = await stack.outputs();
  expect(activeRevision).toBe(revision);
  expect(revision).not.toBe(stable);
  expect(result.output).toMatch(
    /\[watchdog\] Job keye-watchdog-\S+ brings \S+ back if nobody renews the Lease for 120 s/,
  );
  expect(result.output).toContain(`outage ${outageSeconds} s`);
  expect(Math.abs(Number(outageSeconds) - darkSeconds), `${outageSeconds} s told, ${darkSeconds} s seen`).toBeLessThan(
    3,
  );
  stable = String(revision);
  expect(await asked()).toEqual({ live: stable, replicas: { [stable]: 2 } });
  expect(await watchdogJobs()).toEqual([]);
});

test("a new revision that fails gives way to the old one, which is proven, and the outage is told", async () => {
  const fault = { path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/fault"], value: "wrong-answer" };
  const { result, darkSeconds } = await darkDuring(stack.up([...recreatedRevision(3), fault]));
  expect(result.exitCode).not.toBe(0);
  const [, seconds] = /GATE_FAILED phase=probe code=E_PROBE: rolled back, outage (\d+) s: /.exec(result.output) ?? [];
  expect(seconds, result.output).toBeDefined();
  expect(Math.abs(Number(seconds) - darkSeconds), `${seconds} s told, ${darkSeconds} s seen`).toBeLessThan(3);
  expect(result.output).toContain(`[restore] ${stable} serves again and is proven`);
  expect(await asked()).toEqual({ live: stable, replicas: { [stable]: 2 } });
  expect(await watchdogJobs()).toEqual([]);
  expect((await stack.outputs()).activeRevision).toBe(stable);
});

test("Ctrl-C in the gap ends within five seconds with the old revision on its way back", async () => {
  const line = /\[ready\] keye-/;
  const ended = await stack.up(recreatedRevision(4), { line, action: "interrupt" });
  expect(ended.exitCode).not.toBe(0);
  expect(ended.output).toContain(`E_CANCELLED phase=ready: ${stable} restoring: asked back to 2, not waited for.`);
  expect(ended.secondsAfterInterrupt).toBeLessThan(5);
  expect(await asked()).toEqual({ live: stable, replicas: { [stable]: 2 } });
  expect(await watchdogJobs()).toEqual([]);
});

test("the next update lets the old revision serve again before it takes it away, and promotes", async () => {
  const { exitCode, output } = await stack.up(recreatedRevision(4));
  expect(output).not.toContain("error:");
  expect(exitCode).toBe(0);
  const { activeRevision, revision } = await stack.outputs();
  expect(activeRevision).toBe(revision);
  expect(await asked()).toEqual({ live: String(revision), replicas: { [String(revision)]: 2 } });
});
