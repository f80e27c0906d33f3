import { expect, test } from "vitest";
import { assumptions, type RehearsedWith } from "../../../infra/cli/rehearse-copy/assumptions.ts";
import { stackConfig } from "../../support/stack-config.ts";

const target = {
  server: "",
  serverVersion: "",
  nodes: [],
  pods: [],
  limits: { quotas: [], ranges: [] },
  traffic: undefined,
};
const plain: RehearsedWith = { config: stackConfig(), target, speed: 10, isMadeUp: false, isSame: false };
const nodeClass = { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "gpu" };
const growing = { provider: "karpenter", name: "made", maxNodes: 4, nodeClass, instanceTypes: ["p5.48xlarge"] };

test.each<[string, Partial<RehearsedWith>, RegExp]>([
  ["the settings serve there already", { isSame: true }, /serve there already/],
  ["the lock lacks something", { isMadeUp: true }, /a digest was made up/],
  ["quotas may not be read", { target: { ...target, limits: undefined } }, /may not be read, and count as none/],
  ["a pool may grow", { config: stackConfig({ nodePools: [growing] }) }, /may still add are not played/],
  [
    "replicas are groups",
    { config: stackConfig({ engine: { tpSize: 4, nodesPerReplica: 2 } }) },
    /connect the pods of a group/,
  ],
  [
    "a runtime class has overhead",
    { config: stackConfig({ engine: { runtimeClassName: "nvidia" } }) },
    /nvidia counts without overhead/,
  ],
])("where %s, that is told, and otherwise not", (_, parts, expected) => {
  expect(assumptions({ ...plain, ...parts }).join("\n")).toMatch(expected);
  expect(assumptions(plain).join("\n")).not.toMatch(expected);
});
