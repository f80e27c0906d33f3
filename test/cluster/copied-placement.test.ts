import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { copyCluster } from "../../infra/rehearsal/copy/copy.ts";
import { furnish, hold, letGo } from "../../infra/rehearsal/copy/furnish.ts";
import { closeNodes, joinCopies } from "../../infra/rehearsal/copy/join-copies.ts";
import type { PodRole } from "../../infra/status/headroom/roles.ts";
import type { Node, Pod, ResourceQuota } from "../../infra/status/objects.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";

// What the scheduler and the controllers of a copy make of it; no engine runs.

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ nodes: [] });
});
afterAll(() => cluster.close());

const gpu = "nvidia.com/gpu";
const tolerations = [{ operator: "Exists" }];

function node(name: string, unschedulable = false): Node {
  const allocatable = { cpu: "192", memory: "2000Gi", pods: "110", [gpu]: "8" };
  const conditions = [{ type: "Ready", status: "True" }];
  const taints = [{ key: "team", value: "a", effect: "NoExecute" }];
  return { metadata: { name }, spec: { unschedulable, taints }, status: { allocatable, conditions } };
}

function pod(role: PodRole, on: string, gpus: number): Pod {
  const containers = [{ name: "engine", image: "none:1", resources: { limits: { [gpu]: String(gpus) } } }];
  return { metadata: { name: "pod", labels: { role } }, spec: { nodeName: on, containers } };
}

test("the scheduler puts what serves where it is in the target, cordoned nodes too, beside what others hold", async () => {
  const nodes = [node("a"), node("b"), node("c", true)];
  const pods = [
    pod("other", "a", 3),
    pod("other", "b", 8),
    pod("stable", "a", 2),
    pod("stable", "c", 2),
    pod("stable", "c", 2),
  ];
  const hard = { [`requests.${gpu}`]: "20" };
  const quota = { metadata: { name: "gpus" }, spec: { hard }, status: { used: { [`requests.${gpu}`]: "10" } } };
  const copy = copyCluster({
    nodes,
    pods,
    limits: { quotas: [quota], ranges: [] },
    roleOf: ({ metadata }) => (metadata.labels?.role ?? "other") as PodRole,
    alsoKept: new Set(),
  });
  const { api, nodesAt } = cluster.rehearsal;
  const { signal } = cluster;
  const contents = {
    namespace: "keye",
    secrets: [{ name: "key", keys: ["k"] }],
    claims: ["weights"],
    runtimeClass: "nvidia",
  };
  await joinCopies(copy.nodes, { api, at: nodesAt, clock: systemClock, signal });
  await furnish(copy, contents, { api, clock: systemClock, signal });
  await hold(copy.moulds, api, signal);
  const containers = pods[2]?.spec?.containers;
  const template = {
    metadata: { labels: { app: "keye" } },
    spec: { tolerations, containers, runtimeClassName: "nvidia" },
  };
  const spec = { replicas: 3, selector: { matchLabels: { app: "keye" } }, template };
  await cluster.create(["/apis/apps/v1/namespaces/keye/deployments", { metadata: { name: "keye" }, spec }]);
  const bound = await cluster.until("three bound pods", async () => {
    const found = (await cluster.pods("keye")).flatMap(({ spec: one }) => one?.nodeName ?? []);
    return found.length === 3 && found.sort();
  });
  expect(bound).toEqual(["a", "c", "c"]);

  await letGo(copy.moulds, api, signal);
  await closeNodes(copy.nodes, api, signal);
  const others = await cluster.pods("rehearsal-others");
  expect(others.map(({ spec: one, status }) => [one?.nodeName, status?.phase])).toEqual([
    ["a", "Pending"],
    ["b", "Pending"],
  ]);
  const path = "/api/v1/nodes";
  const { items } = await cluster.call<{ items: Node[] }>({ method: "GET", path });
  expect(items.filter((one) => one.spec?.unschedulable).map(({ metadata }) => metadata.name)).toEqual(["c"]);
  // Six of the ten are the app's own: it may have sixteen, and has six.
  const quotas = await cluster.call<{ items: ResourceQuota[] }>({
    method: "GET",
    path: "/api/v1/namespaces/keye/resourcequotas",
  });
  expect(quotas.items[0]).toMatchObject({ spec: { hard: { [`requests.${gpu}`]: "16" } } });
  expect(quotas.items[0]?.status?.used).toEqual({ [`requests.${gpu}`]: "6" });
}, 120_000);
