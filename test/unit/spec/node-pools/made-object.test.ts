import { describe, expect, test } from "vitest";
import { madeKinds, madeObject } from "../../../../infra/spec/node-pools/made-object.ts";
import { readCrd, schemaProblems } from "../../../support/crd-schema.ts";
import { bothTaints, clusterApiPool, karpenterPool, machinePool, parsedPools } from "../../../support/elastic-pools.ts";

const nodePoolProblems = schemaProblems(readCrd("karpenter.sh_nodepools.yaml"), "v1");
const deploymentProblems = schemaProblems(readCrd("cluster.x-k8s.io_machinedeployments.yaml"), "v1beta2");
const poolProblems = schemaProblems(readCrd("cluster.x-k8s.io_machinepools.yaml"), "v1beta2");

function made(settings: object) {
  const [pool] = parsedPools(settings);
  if (pool === undefined) throw new Error("the settings have no pool");
  return madeObject(pool);
}

const own = { "app.kubernetes.io/managed-by": "keye-stack", "app.kubernetes.io/part-of": "keye-stack" };

test("an existing pool makes nothing", () => {
  expect(made({ name: "h800" })).toBeUndefined();
});

test("kinds are told once, in the order of the pools", () => {
  const pools = parsedPools(
    { name: "owned", selector: { "example.com/owned": "true" } },
    { ...clusterApiPool, name: "a" },
    { ...karpenterPool, name: "b" },
    { ...karpenterPool, name: "c" },
    { ...machinePool, name: "d" },
  );
  expect(madeKinds(pools)).toEqual([
    { apiVersion: "cluster.x-k8s.io/v1beta2", kind: "MachineDeployment" },
    { apiVersion: "karpenter.sh/v1", kind: "NodePool" },
    { apiVersion: "cluster.x-k8s.io/v1beta2", kind: "MachinePool" },
  ]);
});

describe("Karpenter's NodePool", () => {
  const everything = {
    ...karpenterPool,
    gpusPerNode: 4,
    spot: true,
    emptySeconds: 600,
    labels: { "example.com/team": "search" },
    taints: bothTaints,
    topology: { label: "topology.kubernetes.io/zone", values: ["a", "b"] },
    requirements: [
      { key: "karpenter.k8s.aws/instance-gpu-count", operator: "Gt", values: ["7"] },
      { key: "karpenter.k8s.aws/instance-local-nvme", operator: "Exists" },
      { key: "kubernetes.io/arch", values: ["arm64"] },
    ],
  };

  test("keeps nodes that are in use, gives empty ones back one by one, and never has more than maxNodes", () => {
    expect(made(karpenterPool)).toEqual({
      apiVersion: "karpenter.sh/v1",
      kind: "NodePool",
      metadata: { name: "h800", labels: own },
      spec: {
        template: {
          metadata: { labels: { "keye-stack.dev/pool": "h800" } },
          spec: {
            nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "gpu" },
            requirements: [
              { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
              { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
              { key: "node.kubernetes.io/instance-type", operator: "In", values: ["p5.48xlarge"] },
              { key: "karpenter.sh/capacity-type", operator: "In", values: ["reserved", "on-demand"] },
            ],
            expireAfter: "Never",
          },
        },
        limits: { "nvidia.com/gpu": "32" },
        disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "1800s", budgets: [{ nodes: "1" }] },
      },
    });
  });

  test("has all that a pool can ask for; a requirement of the settings replaces ours of the same key", () => {
    expect(made(everything)?.spec).toEqual({
      template: {
        metadata: { labels: { "example.com/team": "search", "keye-stack.dev/pool": "h800" } },
        spec: {
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "gpu" },
          requirements: [
            { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
            { key: "node.kubernetes.io/instance-type", operator: "In", values: ["p5.48xlarge"] },
            { key: "karpenter.sh/capacity-type", operator: "In", values: ["spot"] },
            { key: "topology.kubernetes.io/zone", operator: "In", values: ["a", "b"] },
            { key: "karpenter.k8s.aws/instance-gpu-count", operator: "Gt", values: ["7"] },
            { key: "karpenter.k8s.aws/instance-local-nvme", operator: "Exists" },
            { key: "kubernetes.io/arch", operator: "In", values: ["arm64"] },
          ],
          taints: [
            { key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" },
            { key: "example.com/dedicated", effect: "NoExecute" },
          ],
          expireAfter: "Never",
        },
      },
      limits: { "nvidia.com/gpu": "16" },
      disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "600s", budgets: [{ nodes: "1" }] },
    });
  });

  test("leaves out a taint's empty value, which Karpenter's schema refuses", () => {
    const taints = [{ key: "a", value: "", effect: "NoSchedule" }];
    const object = made({ ...karpenterPool, taints });
    expect(nodePoolProblems(object)).toEqual([]);
    expect(JSON.stringify(object?.spec)).toContain('"taints":[{"key":"a","effect":"NoSchedule"}]');
  });

  test.each([
    { what: "the smallest pool", settings: karpenterPool },
    { what: "a pool with everything", settings: everything },
  ])("$what has only fields of the published schema", ({ settings }) => {
    expect(nodePoolProblems(made(settings))).toEqual([]);
  });
});

describe("Cluster API's MachineDeployment", () => {
  const everything = {
    ...clusterApiPool,
    minNodes: 1,
    gpusPerNode: 4,
    nodeStartSeconds: 3600,
    version: "v1.36.3",
    failureDomain: "rack-7",
    labels: { "team.node.cluster.x-k8s.io/name": "search" },
    taints: bothTaints,
  };

  test("leaves the number of nodes to the autoscaler and tells it what a node is like", () => {
    const ofCluster = { "cluster.x-k8s.io/cluster-name": "gpu" };
    const ofDeployment = { ...ofCluster, "cluster.x-k8s.io/deployment-name": "h800" };
    expect(made(clusterApiPool)).toEqual({
      apiVersion: "cluster.x-k8s.io/v1beta2",
      kind: "MachineDeployment",
      metadata: {
        name: "h800",
        namespace: "clusters",
        labels: { ...own, ...ofCluster },
        annotations: {
          "cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size": "0",
          "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size": "4",
          "cluster.x-k8s.io/autoscaling-options-maxnodeprovisiontime": "1200s",
          "capacity.cluster-autoscaler.kubernetes.io/cpu": "128",
          "capacity.cluster-autoscaler.kubernetes.io/memory": "1536Gi",
          "capacity.cluster-autoscaler.kubernetes.io/ephemeral-disk": "2Ti",
          "capacity.cluster-autoscaler.kubernetes.io/gpu-type": "nvidia.com/gpu",
          "capacity.cluster-autoscaler.kubernetes.io/gpu-count": "8",
        },
      },
      spec: {
        clusterName: "gpu",
        selector: { matchLabels: ofDeployment },
        template: {
          metadata: { labels: { "keye-stack.node.cluster.x-k8s.io/pool": "h800", ...ofDeployment } },
          spec: {
            clusterName: "gpu",
            bootstrap: { configRef: clusterApiPool.bootstrap },
            infrastructureRef: clusterApiPool.infrastructure,
          },
        },
        rollout: { strategy: { type: "OnDelete" } },
      },
    });
  });

  test("hands on labels, version and failure domain, and tells of taints that the bootstrap template sets", () => {
    const object = made(everything);
    expect(object?.metadata.annotations).toMatchObject({
      "cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size": "1",
      "cluster.x-k8s.io/autoscaling-options-maxnodeprovisiontime": "3600s",
      "capacity.cluster-autoscaler.kubernetes.io/gpu-count": "4",
      "capacity.cluster-autoscaler.kubernetes.io/taints":
        "nvidia.com/gpu=present:NoSchedule,example.com/dedicated:NoExecute",
    });
    expect(object?.spec).toMatchObject({
      template: {
        metadata: { labels: { "team.node.cluster.x-k8s.io/name": "search" } },
        spec: { version: "v1.36.3", failureDomain: "rack-7" },
      },
    });
  });

  test.each([
    { what: "the smallest pool", settings: clusterApiPool },
    { what: "a pool with everything", settings: everything },
  ])("$what has only fields of the published schema", ({ settings }) => {
    expect(deploymentProblems(made(settings))).toEqual([]);
  });
});

describe("Cluster API's MachinePool", () => {
  const everything = {
    ...machinePool,
    minNodes: 1,
    gpusPerNode: 4,
    nodeStartSeconds: 3600,
    version: "v1.36.3",
    failureDomain: "cn-beijing-h",
    labels: { "team.node.cluster.x-k8s.io/name": "search" },
    taints: bothTaints,
  };

  test("leaves machines and their replacement to the infrastructure, and tells the autoscaler what a node is like", () => {
    expect(made(everything)).toEqual({
      apiVersion: "cluster.x-k8s.io/v1beta2",
      kind: "MachinePool",
      metadata: {
        name: "h800",
        namespace: "clusters",
        labels: { ...own, "cluster.x-k8s.io/cluster-name": "gpu" },
        annotations: {
          "cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size": "1",
          "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size": "4",
          "cluster.x-k8s.io/autoscaling-options-maxnodeprovisiontime": "3600s",
          "capacity.cluster-autoscaler.kubernetes.io/cpu": "128",
          "capacity.cluster-autoscaler.kubernetes.io/memory": "1536Gi",
          "capacity.cluster-autoscaler.kubernetes.io/ephemeral-disk": "2Ti",
          "capacity.cluster-autoscaler.kubernetes.io/gpu-type": "nvidia.com/gpu",
          "capacity.cluster-autoscaler.kubernetes.io/gpu-count": "4",
          "capacity.cluster-autoscaler.kubernetes.io/taints":
            "nvidia.com/gpu=present:NoSchedule,example.com/dedicated:NoExecute",
        },
      },
      spec: {
        clusterName: "gpu",
        failureDomains: ["cn-beijing-h"],
        template: {
          metadata: {
            labels: { "team.node.cluster.x-k8s.io/name": "search", "keye-stack.node.cluster.x-k8s.io/pool": "h800" },
          },
          spec: {
            clusterName: "gpu",
            version: "v1.36.3",
            bootstrap: { configRef: machinePool.bootstrap },
            infrastructureRef: machinePool.infrastructure,
          },
        },
      },
    });
  });

  test.each([
    { what: "the smallest pool", settings: machinePool },
    { what: "a pool with everything", settings: everything },
  ])("$what has only fields of the published schema", ({ settings }) => {
    expect(poolProblems(made(settings))).toEqual([]);
  });
});

test("the published schemas refuse fields that they do not know, so that the tests above say something", () => {
  const nodePool = { spec: { template: { spec: { requirement: [], nodeClassRef: {} } } } };
  expect(nodePoolProblems(nodePool)).toEqual(
    expect.arrayContaining(["/spec/template/spec: must NOT have additional properties (requirement)"]),
  );
  const deployment = { spec: { clusterName: "a", selector: {}, template: { spec: { taint: [] } } } };
  expect(deploymentProblems(deployment)).toEqual(
    expect.arrayContaining(["/spec/template/spec: must NOT have additional properties (taint)"]),
  );
  // What a MachineDeployment has and a MachinePool has not.
  expect(poolProblems({ spec: { clusterName: "a", selector: {}, template: { spec: {} } } })).toEqual(
    expect.arrayContaining(["/spec: must NOT have additional properties (selector)"]),
  );
});
