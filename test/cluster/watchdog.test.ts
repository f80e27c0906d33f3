import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { narrowNodes, recreatedRevision } from "../support/narrow-stack.ts";
import { PromotionStack } from "../support/promotion-stack.ts";
import type { PulumiProcesses } from "../support/pulumi-processes.ts";

// The watchdog runs as its Job's pod does, in a process of the simulated kubelet, with its own account's rights.

const staleSeconds = 15;
const lease = "/apis/coordination.k8s.io/v1/namespaces/keye/leases/rollgate-keye";
const jobs = "/apis/batch/v1/namespaces/keye/jobs";

/** The gap: the old revision is gone, the new one starts. */
const inTheGap = /\[ready\] keye-/;

let stack: PromotionStack;
/** The revision that serves between the tests. */
let stable: string;

beforeAll(async () => {
  stack = await PromotionStack.start({ nodes: narrowNodes });
  const first = await stack.up(recreatedRevision(1, { staleSeconds }));
  if (first.exitCode !== 0) throw new Error(first.output);
  stable = String((await stack.outputs()).activeRevision);
});

afterAll(() => stack?.close());

interface WatchdogJob {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly succeeded?: number };
}

async function watchdogJobs(): Promise<readonly WatchdogJob[]> {
  const query = { labelSelector: "keye-stack.dev/watchdog=keye" };
  return (await stack.cluster.call<{ items: WatchdogJob[] }>({ method: "GET", path: jobs, query })).items;
}

/** Everything that its Job's pods have said. */
async function watchdogLog(): Promise<string> {
  const pods = (await stack.cluster.pods("keye")).filter(
    ({ metadata }) => metadata.labels?.["keye-stack.dev/watchdog"] !== undefined,
  );
  const logs = await Promise.all(pods.map(({ metadata }) => stack.cluster.log("keye", metadata.name).catch(() => "")));
  return logs.join("");
}

/** Waits until the old revision serves again with all its replicas and the candidate has none. */
async function stableIsBack(): Promise<void> {
  await stack.cluster.until(
    "the old revision to serve again",
    async () => {
      const { live, replicas } = await stack.standing();
      const others = Object.entries(replicas).filter(([revision, count]) => revision !== stable && count > 0);
      if (live !== stable || replicas[stable] !== 2 || others.length > 0) return false;
      const { endpoints } = await stack.connection.cluster.observe(stack.ref, stack.cluster.signal);
      return endpoints.filter(({ ready }) => ready).length === 2;
    },
    150,
  );
}

/** Kills the container of the watchdog, as a node that runs out of memory would. Others' tests may run watchdogs too. */
function killWatchdog(): void {
  const lines = execFileSync("ps", ["-A", "-ww", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  const own = lines.flatMap((line) => {
    const [, pid, parent, args = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return Number(parent) === process.pid && args.includes(" watchdog --namespace=keye ") ? [Number(pid)] : [];
  });
  if (own.length === 0) throw new Error("no watchdog runs");
  for (const pid of own) process.kill(pid, "SIGKILL");
}

test("a run that lives is left alone, however long the gap", async () => {
  const slow = { path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/speed"], value: "6" };
  const { exitCode, output } = await stack.up([...recreatedRevision(2, { staleSeconds }), slow]);
  expect(output).not.toContain("error:");
  expect(exitCode).toBe(0);
  const { revision, outageSeconds } = await stack.outputs();
  stable = String(revision);
  expect(Number(outageSeconds)).toBeGreaterThan(1.5 * staleSeconds);
});

test("the runner is killed in the gap, and the watchdog's own container too: the old revision is brought back", async () => {
  const action = (processes: PulumiProcesses) => {
    killWatchdog();
    processes.send("SIGKILL", "all");
  };
  const { exitCode } = await stack.up(recreatedRevision(3, { staleSeconds }), { line: inTheGap, action });
  expect(exitCode).not.toBe(0);
  expect((await stack.standing()).replicas[stable]).toBe(0);
  await stableIsBack();
  const [job] = await stack.cluster.until("the Job to be complete", async () => {
    const found = await watchdogJobs();
    return found.every(({ status }) => status?.succeeded === 1) && found;
  });
  expect(job?.metadata.name).toMatch(/^keye-watchdog-/);
  const log = await watchdogLog();
  expect(log).toContain(
    `nobody has renewed the Lease for ${staleSeconds} s; ${stable} owns the traffic with 0 of 2 replicas`,
  );
  expect(log).toContain(`keye-${stable}: scaled back to 2`);
  const { spec } = await stack.cluster.call<{ spec: { holderIdentity: string } }>({ method: "GET", path: lease });
  expect(spec.holderIdentity).toBe("");
});

test("the next update promotes", async () => {
  await stack.pulumi(["cancel", "--yes"]);
  const { exitCode, output } = await stack.up(recreatedRevision(3, { staleSeconds }));
  expect(output).not.toContain("error:");
  expect(exitCode).toBe(0);
  stable = String((await stack.outputs()).activeRevision);
  expect(await watchdogJobs()).toEqual([]);
});

test("a run that was only asleep finds the Lease taken when it wakes, and leaves the old revision in its place", async () => {
  const action = async (processes: PulumiProcesses) => {
    processes.send("SIGSTOP", "plugin");
    await stableIsBack();
    processes.send("SIGCONT", "plugin");
  };
  const { exitCode, output } = await stack.up(recreatedRevision(4, { staleSeconds }), { line: inTheGap, action });
  expect(exitCode).not.toBe(0);
  expect(output).toContain("E_LOCKED");
  await stableIsBack();
});
