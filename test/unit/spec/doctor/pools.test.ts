import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { questionsOf } from "../../../../infra/spec/doctor/examine.ts";
import { stackConfig } from "../../../support/stack-config.ts";
import { offering, seen, visit } from "./patient.ts";

const file = resolve(import.meta.dirname, "../../../fixtures/config/valid-karpenter.yaml");
const elastic: Readonly<Record<string, unknown>> = parse(readFileSync(file, "utf8"));

test("a pool whose nodes are yet to come is a note", () => {
  const found = visit(elastic, { nodes: seen([]) });
  expect(found.filter((line) => line.includes("pool-may-grow"))).not.toEqual([]);
  expect(found.filter((line) => line.startsWith("error"))).toEqual([]);
});

test("the kind of object that makes a pool's nodes is asked for, and its absence is an error", () => {
  const { kinds } = questionsOf(stackConfig(elastic));
  expect(kinds).toEqual([{ apiVersion: "karpenter.sh/v1", kind: "NodePool" }]);
  const found = visit(elastic, { nodes: seen([]), missingKinds: kinds });
  expect(found.filter((line) => line.startsWith("error"))[0]).toContain("The cluster has no karpenter.sh/v1 NodePool");
});

test("the kind that keeps groups of pods running is asked for, and its absence is the setting's, not a pool's", () => {
  const spread = { engine: { tpSize: 4, nodesPerReplica: 2 } };
  const { kinds } = questionsOf(stackConfig(spread));
  expect(kinds).toEqual([{ apiVersion: "leaderworkerset.x-k8s.io/v1", kind: "LeaderWorkerSet" }]);
  const [error] = visit(spread, { missingKinds: kinds }).filter((line) => line.startsWith("error"));
  expect(error).toMatch(
    /^error pool-mismatch engine\.nodesPerReplica: 2 makes groups of pods, .*: install the LeaderWorkerSet/,
  );
});

test("RDMA devices of a node are counted by the name that the pool gives them", () => {
  const nodePools = [{ name: "h800", rdma: { resource: "rdma/hca", perNode: 4 } }];
  expect(visit({ nodePools }, { nodes: seen([offering({ "rdma/hca": 4 })]) })).toEqual([]);
  expect(visit({ nodePools }, { nodes: seen([offering({ "rdma/hca": 3 })]) })).toEqual([
    "error pool-mismatch pool h800: Node h800-0 offers 3 of rdma/hca, rdma.perNode is 4.",
  ]);
});
