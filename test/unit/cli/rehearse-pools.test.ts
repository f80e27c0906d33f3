import { expect, test } from "vitest";
import { standingPools } from "../../../infra/cli/rehearse-copy/pools.ts";
import type { NodePoolConfig } from "../../../infra/config/node-pool-config.ts";
import { stackConfig } from "../../support/stack-config.ts";

const nodeClass = { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "gpu" };
const growing = { provider: "karpenter", name: "made", maxNodes: 4, nodeClass, instanceTypes: ["p5.48xlarge"] };

function poolsOf(...nodePools: readonly object[]): readonly NodePoolConfig[] {
  return stackConfig({ nodePools }).nodePools;
}

function node(name: string, labels: Readonly<Record<string, string>>) {
  return { metadata: { name, labels } };
}

test("pools of nodes that exist stay as they are, with or without nodes", () => {
  const pools = poolsOf({ name: "a" });
  expect(standingPools(pools, [])).toEqual({ pools, nodes: [] });
});

test("a pool that may grow is that of the nodes which it has, found by a label that they get", () => {
  const mine = node("m", { "keye-stack.dev/pool": "made" });
  const other = node("o", { "keye-stack.dev/pool": "other" });
  const { pools, nodes } = standingPools(poolsOf(growing), [mine, other]);
  expect(nodes).toEqual([node("m", { "keye-stack.dev/pool": "made", "rehearsal.keye-stack.dev/pool": "made" }), other]);
  // The parser takes it: the stack's own labels are refused in a selector.
  expect(stackConfig({ nodePools: pools }).nodePools).toMatchObject([
    { provider: "existing", name: "made", selector: { "rehearsal.keye-stack.dev/pool": "made" }, minNodes: 1 },
  ]);
});

test("a pool that may grow and has no node is left out, and where nothing is left there is nothing to rehearse", () => {
  expect(
    standingPools(poolsOf({ name: "a", selector: { rack: "7" } }, growing), []).pools.map(({ name }) => name),
  ).toEqual(["a"]);
  expect(() => standingPools(poolsOf(growing), [])).toThrow(
    expect.objectContaining({ code: "E_CAPACITY", message: expect.stringMatching(/No node of made is there yet/) }),
  );
});
