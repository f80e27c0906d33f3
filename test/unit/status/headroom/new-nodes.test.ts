import { expect, test } from "vitest";
import { podsOnNewNodes } from "../../../../infra/status/headroom/new-nodes.ts";
import { nodeObject } from "../../../support/cluster-objects.ts";

const pool = { nodeLabels: { "keye-stack.dev/pool": "h800" }, maxNodes: 3, gpusPerNode: 8 };
const two = [nodeObject("h800-0"), nodeObject("h800-1")];
const waiting = [nodeObject("h800-0"), nodeObject("h800-1", { allocatable: { "nvidia.com/gpu": "0" } })];

test.each([
  { what: "none without a pool that may grow", pools: [], nodes: two, coming: 0 },
  { what: "two on the third node of eight GPUs", pools: [pool], nodes: two, coming: 2 },
  { what: "none on nodes of too few GPUs", pools: [{ ...pool, gpusPerNode: 3 }], nodes: two, coming: 0 },
  { what: "none where the pool has all its nodes", pools: [{ ...pool, maxNodes: 2 }], nodes: two, coming: 0 },
  { what: "none where it has more than that", pools: [{ ...pool, maxNodes: 1 }], nodes: two, coming: 0 },
  {
    what: "all where the nodes are those of another pool",
    pools: [{ ...pool, nodeLabels: { a: "b" } }],
    nodes: two,
    coming: 6,
  },
  { what: "those on a node that does not offer its GPUs yet", pools: [pool], nodes: waiting, coming: 4 },
])("nodes come for so many replicas of four GPUs: $what", ({ pools, nodes, coming }) => {
  expect(podsOnNewNodes({ pools }, nodes, 4)).toBe(coming);
});

test("nodes come for no replica without GPUs: nothing is known of their other resources", () => {
  expect(podsOnNewNodes({ pools: [pool] }, two, 0)).toBe(0);
});
