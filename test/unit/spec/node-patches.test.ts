import { expect, test } from "vitest";
import type { ExistingPoolConfig } from "../../../infra/config/node-pool-config.ts";
import { nodePatches } from "../../../infra/spec/node-patches.ts";
import { poolNode } from "../../support/pool-node.ts";

const pool: ExistingPoolConfig = {
  name: "h800",
  provider: "existing",
  selector: {},
  gpuProducts: [],
  gpusPerNode: 8,
  minNodes: 1,
  labels: { team: "vision" },
  taints: [],
  spot: false,
};

const gpu = { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" } as const;
const dedicated = { key: "example.com/dedicated", value: "keye", effect: "NoSchedule" } as const;

test("a pool without taints touches labels alone", () => {
  expect(nodePatches(pool, [poolNode({ name: "a", taints: [gpu] })])).toEqual([
    {
      name: "h800-a-labels",
      isKept: false,
      patch: {
        apiVersion: "v1",
        kind: "Node",
        metadata: { name: "a", labels: { team: "vision", "keye-stack.dev/pool": "h800" } },
      },
    },
  ]);
});

test.each([
  { what: "taints of others stay", live: [gpu], taints: [dedicated, gpu] },
  { what: "a taint that is there already is not doubled", live: [dedicated, gpu], taints: [dedicated, gpu] },
  { what: "the order of the live taints makes no difference", live: [gpu, dedicated], taints: [dedicated, gpu] },
  {
    what: "a taint of the same key and effect gets the wanted value",
    live: [{ ...dedicated, value: "other" }],
    taints: [dedicated],
  },
  {
    what: "a taint of the same key and another effect stays",
    live: [{ ...dedicated, effect: "NoExecute" }],
    taints: [{ ...dedicated, effect: "NoExecute" }, dedicated],
  },
])("$what", ({ live, taints }) => {
  const [, patch] = nodePatches({ ...pool, taints: [dedicated] }, [poolNode({ name: "a", taints: live })]);
  expect(patch).toEqual({
    name: "h800-a-taints",
    isKept: true,
    patch: { apiVersion: "v1", kind: "Node", metadata: { name: "a" }, spec: { taints } },
  });
});
