import { expect, test } from "vitest";
import { checkNodePools, poolWarnings } from "../../../infra/spec/check-node-pools.ts";
import { accessQuestions } from "../../../infra/spec/doctor/rights.ts";
import { revisionNeeds } from "../../../infra/spec/doctor/rollout-needs.ts";
import { poolNode } from "../../support/pool-node.ts";
import { stackConfig } from "../../support/stack-config.ts";

const spread = { tpSize: 4, nodesPerReplica: 2 };
const small = { nodePools: [{ name: "h800", minNodes: 2, gpusPerNode: 2 }], engine: spread };
const kind = { apiVersion: "leaderworkerset.x-k8s.io/v1", kind: "LeaderWorkerSet" };

function check(nodes: number, missingKinds: readonly (typeof kind)[] = []): readonly string[] {
  const found = Array.from({ length: nodes }, (_, index) => poolNode({ name: `h800-${index}`, allocatableGpus: 2 }));
  const pools = [{ name: "h800", nodes: found }];
  return checkNodePools(stackConfig(small), { clusterUid: "u", serverVersion: "v1", pools, missingKinds });
}

test("two replicas of two nodes fit four nodes of two GPUs", () => {
  expect(check(4)).toEqual([]);
});

test("three nodes hold one such replica", () => {
  expect(check(3)).toEqual([
    "h800: 2 replicas of 4 GPUs over 2 nodes and 192Gi of memory a pod are wanted, 3 usable nodes hold 1 even when empty.",
  ]);
});

test("a cluster without the kind is told what to install", () => {
  expect(check(4, [kind])).toEqual([
    "engine.nodesPerReplica: 2 makes groups of pods, and the cluster has no leaderworkerset.x-k8s.io/v1 LeaderWorkerSet: install the LeaderWorkerSet controller (helm install lws oci://registry.k8s.io/lws/charts/lws --version 0.8.0 --namespace lws-system --create-namespace), or set it to 1.",
  ]);
});

test("who spreads a replica that a node would hold is told what that costs", () => {
  const whole = stackConfig({ nodePools: [{ name: "h800", minNodes: 2 }], engine: spread });
  expect(poolWarnings(whole)).toEqual([
    "h800: a node holds a whole replica of 4 GPUs, and engine.nodesPerReplica 2 spreads it: each token then crosses the network, and a replica is lost with any of its nodes.",
  ]);
  expect(poolWarnings(stackConfig(small))).toEqual([]);
});

test("a quota counts every pod of a group", () => {
  expect(revisionNeeds(stackConfig(small))).toMatchObject({
    pods: 4,
    "requests.nvidia.com/gpu": 8,
    "requests.cpu": 64,
  });
});

test("only a stack with groups needs rights on them", () => {
  const asked = (settings: Parameters<typeof stackConfig>[0]) =>
    accessQuestions(stackConfig(settings))
      .filter(({ group }) => group === "leaderworkerset.x-k8s.io")
      .map(({ verb, resource }) => `${verb} ${resource}`);
  expect(asked({})).toEqual([]);
  expect(asked(small)).toEqual(
    expect.arrayContaining(["patch leaderworkersets/scale", "list leaderworkersets", "create leaderworkersets"]),
  );
});
