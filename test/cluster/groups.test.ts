import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { findProgram } from "../../infra/rehearsal/control-plane/tools.ts";
import { toolPath } from "../../infra/rehearsal/environment.ts";
import {
  type GroupController,
  groupProgram,
  startGroupController,
} from "../../infra/rehearsal/groups/group-controller.ts";
import { defaultNodes } from "../../infra/rehearsal/nodes.ts";
import { isWorker } from "../../infra/status/groups.ts";
import type { Setting } from "../../scripts/story/stack-file.ts";
import { PromotionStack } from "../support/promotion-stack.ts";
import type { PulumiProcesses } from "../support/pulumi-processes.ts";

const path = toolPath(process.env.PATH);
const roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/keye/roles";
const sets = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/keye/leaderworkersets";

/** Nodes of two GPUs, for replicas of four: two groups beside two more. */
const nodes = defaultNodes.map((shape) =>
  shape.gpu === undefined ? shape : { ...shape, count: 8, gpu: { ...shape.gpu, count: 2 } },
);

const groups: readonly Setting[] = [
  { path: ["nodePools", "0", "gpusPerNode"], value: 2 },
  { path: ["engine", "tpSize"], value: 4 },
  { path: ["engine", "nodesPerReplica"], value: 2 },
  { path: ["engine", "resources", "memory"], value: "64Gi" },
];
const changed = [...groups, { path: ["engine", "maxRunningRequests"], value: 50 }];
/** Three groups: beside two that serve there is room for two. */
const larger: readonly Setting[] = [
  ...groups,
  { path: ["engine", "maxRunningRequests"], value: 40 },
  { path: ["replicas"], value: 3 },
  { path: ["rollout", "strategy"], value: "auto" },
  { path: ["toolsImage"], value: `registry.example/keye@sha256:${"c".repeat(64)}` },
];
/** Eight pods by themselves on the nodes of the three groups: the groups must go first. */
const single: readonly Setting[] = [
  { path: ["nodePools", "0", "gpusPerNode"], value: 2 },
  { path: ["engine", "resources", "memory"], value: "64Gi" },
  { path: ["replicas"], value: 8 },
  { path: ["rollout", "strategy"], value: "recreate" },
  { path: ["rollout", "watchdogSeconds"], value: 15 },
  { path: ["rollout", "keepRevisions"], value: 0 },
  { path: ["toolsImage"], value: `registry.example/keye@sha256:${"c".repeat(64)}` },
];
/** Rank 2 of 4 belongs to the second node of a group. */
const crashing = [
  ...groups,
  { path: ["engine", "podAnnotations", "rehearsal.keye-stack.dev/fault"], value: "crash-while-loading:2" },
];

interface Role {
  readonly rules: readonly { readonly resources: readonly string[]; readonly resourceNames?: readonly string[] }[];
}

interface LeaderWorkerSet {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas: number };
}

describe.skipIf(findProgram(groupProgram, path) === undefined)("replicas of two pods on two nodes", () => {
  let stack: PromotionStack;
  let controller: GroupController | undefined;

  beforeAll(async () => {
    stack = await PromotionStack.start({ nodes });
  });

  afterAll(async () => {
    await controller?.close();
    await stack?.close();
  });

  async function replicas(): Promise<Readonly<Record<string, number>>> {
    const { items } = await stack.cluster.call<{ items: LeaderWorkerSet[] }>({ method: "GET", path: sets });
    return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name.replace("keye-", ""), spec.replicas]));
  }

  async function live(): Promise<string> {
    return (await stack.standing()).live ?? "";
  }

  test("a cluster without LeaderWorkerSets is told what to install before anything is made", async () => {
    const { exitCode, output } = await stack.preview(groups);
    expect(exitCode).not.toBe(0);
    expect(output).toContain("POOL_MISMATCH");
    expect(output).toContain(
      "the cluster has no leaderworkerset.x-k8s.io/v1 LeaderWorkerSet: install the LeaderWorkerSet controller (helm install lws",
    );
  });

  test("are proven and promoted as groups, and only their leaders are reached", async () => {
    const { rehearsal, signal } = stack.cluster;
    const { state, api } = rehearsal;
    controller = await startGroupController({ state, api, path, clock: systemClock, signal });
    const { exitCode, output } = await stack.up(groups);
    expect(output).toContain("needs 2 replicas of 2 pods each with 2 GPUs a pod");
    expect(output).toContain("exactly the 2 proven pods serve");
    expect(exitCode).toBe(0);
    const revision = await live();
    const observed = await stack.connection.cluster.observe(stack.ref, signal);
    expect(observed.pods.map(({ metadata }) => metadata.name).sort()).toEqual(
      ["0", "0-1", "1", "1-1"].map((end) => `keye-${revision}-${end}`),
    );
    expect(observed.pods.filter(isWorker)).toHaveLength(2);
    expect(observed.endpoints.map(({ podName }) => podName).sort()).toEqual([
      `keye-${revision}-0`,
      `keye-${revision}-1`,
    ]);
  });

  test("give way to a new revision as whole groups", async () => {
    const stable = await live();
    const { exitCode } = await stack.up(changed);
    expect(exitCode).toBe(0);
    const candidate = await live();
    expect(candidate).not.toBe(stable);
    expect((await replicas())[candidate]).toBe(2);
    expect((await replicas())[stable] ?? 0).toBe(0);
  });

  test("are refused where one of their workers crashes", async () => {
    const stable = await live();
    const { exitCode, output } = await stack.up(crashing);
    expect(exitCode).not.toBe(0);
    // The worker, and never the leader, which ends of it within the second.
    expect(output).toMatch(/phase=ready code=E_CRASH: keye\/pod\/keye-[0-9a-f]{10}-[01]-1: /);
    expect(await live()).toBe(stable);
    expect((await replicas())[stable]).toBe(2);
  });

  test("are lost as a whole with one of their pods, and come back as a whole", async () => {
    const revision = await live();
    const { cluster } = stack;
    const before = await cluster.pods("keye");
    const leader = before.find(({ metadata }) => metadata.name === `keye-${revision}-0`);
    await cluster.call({ method: "DELETE", path: `/api/v1/namespaces/keye/pods/keye-${revision}-0-1` });
    const after = await cluster.until(
      "both groups to be ready again",
      async () => {
        const set = await cluster.call<{ status: { readyReplicas?: number } }>({
          method: "GET",
          path: `${sets}/keye-${revision}`,
        });
        const pods = await cluster.pods("keye");
        const again = pods.find(({ metadata }) => metadata.name === leader?.metadata.name);
        return set.status.readyReplicas === 2 && again?.metadata.uid !== leader?.metadata.uid && pods;
      },
      120,
    );
    const other = (pods: typeof after) => pods.find(({ metadata }) => metadata.name === `keye-${revision}-1`);
    expect(other(after)?.metadata.uid).toBe(other(before)?.metadata.uid);
  });

  test("make room for more of the next revision by going first", async () => {
    const stable = await live();
    const { exitCode, output } = await stack.up(larger);
    expect(output).toContain("auto would choose recreate");
    expect(output).toContain(`[empty] the pods of ${stable} are gone`);
    expect(exitCode).toBe(0);
    const candidate = await live();
    expect(await replicas()).toMatchObject({ [stable]: 0, [candidate]: 3 });
  });

  test("are brought back by the watchdog where pods by themselves come after them and the runner dies", async () => {
    const stable = await live();
    const action = (processes: PulumiProcesses) => processes.send("SIGKILL", "all");
    const { exitCode } = await stack.up(single, { line: /\[ready\] keye-/, action });
    expect(exitCode).not.toBe(0);
    expect((await replicas())[stable]).toBe(0);
    await stack.cluster.until(
      "the groups to serve again",
      async () => {
        if ((await replicas())[stable] !== 3) return false;
        const { endpoints } = await stack.connection.cluster.observe(stack.ref, stack.cluster.signal);
        return endpoints.filter(({ ready }) => ready).length === 3;
      },
      150,
    );
    expect(await live()).toBe(stable);
    // No more than that is granted: another set would be refused.
    const role = await stack.cluster.call<Role>({ method: "GET", path: `${roles}/keye-watchdog` });
    const ofGroups = role.rules.filter(({ resources }) => resources.includes("leaderworkersets/scale"));
    const names = ofGroups.map(({ resourceNames }) => resourceNames);
    expect(names).toEqual([expect.arrayContaining([`keye-${stable}`])]);
  });
});
