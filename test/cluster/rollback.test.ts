import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leaseName, revisionLabel } from "../../infra/core/names.ts";
import type { Setting } from "../../scripts/story/stack-file.ts";
import { PromotionStack } from "../support/promotion-stack.ts";

const keye = resolve(import.meta.dirname, "../../infra/cli/main.ts");
const second = [{ path: ["engine", "maxRunningRequests"], value: 32 }];
const third = [{ path: ["engine", "maxRunningRequests"], value: 48 }];

/** How a `keye` command ended. */
interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

/** Revisions that stay, and the way back to them, with the real engine and API server; each test goes on where the last ended. */
describe("earlier revisions", () => {
  let stack: PromotionStack;
  let a: string;
  let b: string;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    a = await promote([]);
    b = await promote(second);
  });

  afterAll(() => stack?.close());

  async function promote(changes: readonly Setting[]): Promise<string> {
    const { exitCode, output } = await stack.up(changes);
    expect(output).not.toContain("error:");
    expect(exitCode).toBe(0);
    return String((await stack.outputs()).activeRevision);
  }

  /** Runs a `keye` command about the app; `at` is called with the process at the first line that matches. */
  async function run(
    args: readonly string[],
    at?: { readonly line: RegExp; readonly act: (child: ChildProcess) => void },
  ): Promise<Ended> {
    const env = { ...process.env, KUBECONFIG: stack.cluster.rehearsal.state.kubeconfig };
    const child = spawn(process.execPath, [keye, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    const lines = { out: [] as string[], err: [] as string[] };
    let isDue = at !== undefined;
    createInterface({ input: child.stdout }).on("line", (line) => lines.out.push(line));
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.err.push(line);
      if (!isDue || !at?.line.test(line)) return;
      isDue = false;
      at.act(child);
    });
    const exitCode = await new Promise<number | null>((end) => child.once("close", end));
    return { exitCode, out: lines.out.join("\n"), err: lines.err.join("\n") };
  }

  /** A command that is told the app by name, and so reads nothing but the cluster. */
  const ofApp = (...args: readonly string[]) => [...args, "--namespace=keye", "--app=keye"];

  test("the last promoted one stays without pods, and a preview has nothing to say of it", async () => {
    await stack.becomes({ live: b, replicas: { [a]: 0, [b]: 2 } });
    const { exitCode, output } = await stack.preview(second);
    expect(exitCode).toBe(0);
    // What changes would be counted first.
    expect(output).toMatch(/^Resources:\n {4}\d+ unchanged$/m);
  });

  test("the status shows both on one screen, and what the next update does", async () => {
    const hasEnded = async () =>
      (await stack.cluster.pods("keye")).every(({ metadata }) => metadata.labels?.[revisionLabel] !== a);
    await stack.cluster.until("the retired pods to end", hasEnded, 60);
    const file = stack.upArguments(second).at(-1) ?? "";
    const { exitCode, out } = await run(["status", `--stack-file=${file}`]);
    expect(exitCode).toBe(0);
    expect(out).toMatch(new RegExp(`^serving {4}revision ${b}, 2 ready, 2 endpoints$`, "m"));
    expect(out).toMatch(new RegExp(`^revisions {2}${b} {2}serves {2}2/2 ready {2}4 GPUs {2}pass, \\d+ \\w+ ago$`, "m"));
    expect(out).toMatch(new RegExp(`^ {11}${a} {2}kept {4}0/0 ready {2}0 GPUs {2}pass, \\d+ \\w+ ago$`, "m"));
    expect(out).toContain(`next up    promotes nothing: ${b} serves and is proven by these probes`);
    const json = JSON.parse((await run(ofApp("status", "--json"))).out);
    expect(json).toMatchObject({ kind: "RolloutStatus", traffic: { kind: "revision", revision: b }, findings: [] });
  });

  test("the way back is promoted like any revision: proven, switched, verified; the other one waits without pods", async () => {
    const { exitCode, out, err } = await run(ofApp("rollback", "--yes"));
    expect({ exitCode, out }).toEqual({
      exitCode: 0,
      out: expect.stringMatching(
        `^Revision ${a} serves, proven again; the record is ConfigMap keye/rollgate-keye-${a}-`,
      ),
    });
    expect(err).toContain(`keye/keye: ${b} gives way to ${a}`);
    for (const phase of ["probe", "switch", "traffic", "retire"]) expect(err).toContain(`[${phase}] `);
    expect(err).toContain(`To stay with ${a}, change them back`);
    await stack.becomes({ live: a, replicas: { [a]: 2, [b]: 0 } });
  });

  test("the settings that it was made from find it proven: no probe, no pod, no object made anew", async () => {
    const { exitCode, output } = await stack.up([]);
    expect(exitCode).toBe(0);
    expect(output).not.toMatch(/\[scale\]|\[probe\]| created | deleted | replaced /);
    expect((await stack.outputs()).activeRevision).toBe(a);
    await stack.becomes({ live: a, replicas: { [a]: 2, [b]: 0 } });
  });

  test("a way back that makes no sense is refused before anything is written", async () => {
    const serving = await run(ofApp("rollback", "--yes", `--to=${a}`));
    expect(serving).toMatchObject({ exitCode: 1, err: expect.stringContaining(`Revision ${a} serves already.`) });
    const silent = await run(ofApp("rollback"));
    expect(silent).toMatchObject({ exitCode: 2, err: expect.stringContaining("there is no terminal to ask on") });
    const lease = await stack.connection.lease.acquire(stack.ref, "somebody", stack.cluster.signal);
    const locked = await run(ofApp("rollback", "--yes"));
    await lease.release();
    expect(locked).toMatchObject({ exitCode: 4, err: expect.stringContaining("E_LOCKED: keye/keye: holder=somebody") });
    await stack.becomes({ live: a, replicas: { [a]: 2, [b]: 0 } });
  });

  test("an interrupt ends it with nothing switched, and the candidate parked", async () => {
    const at = { line: /\[ready\] 2 of 2/, act: (child: ChildProcess) => child.kill("SIGINT") };
    const { exitCode, err } = await run(ofApp("rollback", "--yes"), at);
    expect(exitCode).toBe(130);
    expect(err).toContain("nothing was switched");
    await stack.becomes({ live: a, replicas: { [a]: 2, [b]: 0 } });
  });

  test("one that is killed leaves its candidate, which the doctor finds and the next update parks", async () => {
    const at = { line: /\[ready\] 2 of 2/, act: (child: ChildProcess) => child.kill("SIGKILL") };
    await run(ofApp("rollback", "--yes"), at);
    const atOnce = await run(ofApp("doctor", "rollout"));
    expect(atOnce).toMatchObject({ exitCode: 0, out: expect.stringContaining("A promotion is at work") });
    await stack.cluster.until("the Lease has gone stale", async () => {
      return (await run(ofApp("doctor", "rollout"))).exitCode === 1;
    });
    const { findings } = JSON.parse((await run(ofApp("doctor", "rollout", "--json"))).out);
    expect(findings).toMatchObject([{ id: "candidate-running" }, { id: "run-died" }]);
    await promote([{ path: ["gate", "consecutivePasses"], value: 2 }]);
    await stack.becomes({ live: a, replicas: { [a]: 2, [b]: 0 } });
    const after = await run(ofApp("doctor", "rollout"));
    expect(after).toMatchObject({ exitCode: 0, out: expect.stringContaining("Nothing was left behind.") });
  });

  test("a revision is explained by its first digits: what was asked of each pod, and what it answered", async () => {
    const { exitCode, out } = await run(ofApp("explain", b.slice(0, 6)));
    expect(exitCode).toBe(0);
    expect(out).toContain(`Revision ${b} of keye/keye: kept, 0 of 0 pods ready`);
    expect(out).toMatch(/^ {2}pod {7}keye-\w+-\S+ on h800-\d: pass: /m);
    expect(out).toMatch(/^ {14}pass {4}image-contrast +\d+\.\d s {2}/m);
  });

  test("what is older than the settings keep is deleted with the next promotion", async () => {
    const c = await promote(third);
    await stack.becomes({ live: c, replicas: { [a]: 0, [c]: 2 } });
    const gone = await run(ofApp("rollback", "--yes", `--to=${b}`));
    expect(gone).toMatchObject({ exitCode: 1, err: expect.stringContaining("its Deployment is gone") });
  });

  test("a Lease that nobody holds is shown as free", async () => {
    const { items } = await stack.cluster.call<{ items: { metadata: { name: string } }[] }>({
      method: "GET",
      path: "/apis/coordination.k8s.io/v1/namespaces/keye/leases",
    });
    expect(items.map(({ metadata }) => metadata.name)).toEqual([leaseName("keye")]);
    expect((await run(ofApp("status"))).out).toMatch(/^lease {6}free$/m);
  });
});
