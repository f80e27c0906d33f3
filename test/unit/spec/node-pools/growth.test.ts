import { expect, test } from "vitest";
import { growthInputs } from "../../../../infra/spec/node-pools/growth.ts";
import { promotionInputs } from "../../../../infra/spec/promotion-inputs.ts";
import { clusterApiPool, karpenterPool } from "../../../support/elastic-pools.ts";
import { sha256, stackConfig } from "../../../support/stack-config.ts";

test("a promotion is told of the pools that may grow, and how long their slowest node takes", () => {
  const nodePools = [
    { name: "owned", selector: { rack: "1" } },
    { ...karpenterPool, name: "k", gpusPerNode: 4 },
    { ...clusterApiPool, name: "c", nodeStartSeconds: 3600 },
  ];
  const config = stackConfig({ nodePools });
  const growth = {
    pools: [
      { nodeLabels: { "keye-stack.dev/pool": "k" }, maxNodes: 4, gpusPerNode: 4 },
      { nodeLabels: { "keye-stack.node.cluster.x-k8s.io/pool": "c" }, maxNodes: 4, gpusPerNode: 8 },
    ],
    nodeStartSeconds: 3600,
  };
  expect(growthInputs(config)).toEqual(growth);
  const candidate = { revision: "1a2b3c4d5e", supply: undefined, cacheKey: undefined };
  expect(promotionInputs(config, candidate, { sha256, evidenceDir: "/var/evidence" }).growth).toEqual(growth);
});

test("where all nodes exist, nothing is said", () => {
  expect(growthInputs(stackConfig())).toBeUndefined();
});
