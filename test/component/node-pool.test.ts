import { expect, test } from "vitest";
import { NodePool } from "../../infra/components/node-pool.ts";
import type { NodePoolConfig } from "../../infra/config/node-pool-config.ts";
import { alicloudNodePool } from "../../infra/spec/node-pools/alicloud.ts";
import { madeObject } from "../../infra/spec/node-pools/made-object.ts";
import { alicloudPool, clusterApiPool, karpenterPool, machinePool, parsedPools } from "../support/elastic-pools.ts";
import { poolNode } from "../support/pool-node.ts";
import { recordResources } from "../support/recorded-resources.ts";
import { stackConfig } from "../support/stack-config.ts";

const component = "keye-stack:cluster:NodePool h800";
const plain = {
  type: "kubernetes:core/v1:NodePatch",
  parent: component,
  dependsOn: [],
  provider: undefined,
  isProtected: false,
  isKeptOnDelete: false,
  ignoreChanges: [],
};
const annotations = { "pulumi.com/patchForce": "true" };

function pool(fields: Partial<NodePoolConfig>): NodePoolConfig {
  const [first] = stackConfig({ nodePools: [{ name: "h800", ...fields }] }).nodePools;
  if (first === undefined) throw new Error("the settings have no pool");
  return first;
}

test.each([
  { settings: karpenterPool, type: "kubernetes:karpenter.sh/v1:NodePool" },
  { settings: clusterApiPool, type: "kubernetes:cluster.x-k8s.io/v1beta2:MachineDeployment" },
  { settings: machinePool, type: "kubernetes:cluster.x-k8s.io/v1beta2:MachinePool" },
])(
  "a pool of provider $settings.provider is the $type that makes its nodes, and marks none itself",
  async ({ settings, type }) => {
    const recording = await recordResources();
    const [made] = parsedPools(settings);
    if (made === undefined) throw new Error("the settings have no pool");
    new NodePool("h800", { pool: made, nodes: [poolNode({ name: "a" })] });
    expect(await recording.resources()).toEqual([
      { ...plain, type: "keye-stack:cluster:NodePool", name: "h800", parent: undefined, inputs: {} },
      { ...plain, type, name: "h800", inputs: madeObject(made) },
    ]);
    expect(recording.componentOutputs).toEqual(new Map([[component, { nodeNames: ["a"] }]]));
  },
);

test("a pool of provider alicloud is an ACK node pool, made by the cloud's plugin and not in the cluster", async () => {
  const recording = await recordResources();
  const [made] = parsedPools(alicloudPool);
  if (made?.provider !== "alicloud") throw new Error("the settings have no such pool");
  new NodePool("h800", { pool: made, nodes: [] });
  const ack = (await recording.resources()).find(({ type }) => type.startsWith("alicloud:"));
  expect(ack).toEqual({
    ...plain,
    type: "alicloud:cs/nodePool:NodePool",
    name: "h800",
    inputs: alicloudNodePool(made),
  });
});

test("each node is labelled by force, and gives the labels back when it leaves the pool", async () => {
  const recording = await recordResources();
  const nodes = [poolNode({ name: "a" }), poolNode({ name: "b" })];
  const made = new NodePool("h800", { pool: pool({ labels: { team: "vision" } }), nodes });
  const labels = { team: "vision", "keye-stack.dev/pool": "h800" };
  const patch = (name: string) => ({ apiVersion: "v1", kind: "Node", metadata: { name, labels, annotations } });
  expect(await recording.resources()).toEqual([
    { ...plain, type: "keye-stack:cluster:NodePool", name: "h800", parent: undefined, inputs: {} },
    { ...plain, name: "h800-a-labels", inputs: patch("a") },
    { ...plain, name: "h800-b-labels", inputs: patch("b") },
  ]);
  expect(made.nodeNames).toEqual(["a", "b"]);
  expect(recording.componentOutputs).toEqual(new Map([[component, { nodeNames: ["a", "b"] }]]));
});

test("taints are a patch of their own that stays, because giving it back would strip everybody's taints", async () => {
  const recording = await recordResources();
  const wanted = [{ key: "example.com/dedicated", value: "keye", effect: "NoSchedule" as const }];
  new NodePool("h800", { pool: pool({ taints: wanted }), nodes: [poolNode({ name: "a" })] });
  const [, , taints] = await recording.resources();
  expect(taints).toEqual({
    ...plain,
    name: "h800-a-taints",
    isKeptOnDelete: true,
    inputs: {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "a", annotations },
      spec: { taints: [...wanted, { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }] },
    },
  });
});
