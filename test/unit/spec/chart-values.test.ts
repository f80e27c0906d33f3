import { describe, expect, test } from "vitest";
import { chartValues } from "../../../infra/spec/chart-values.ts";
import { engineNodeSelector } from "../../../infra/spec/placement.ts";
import { clusterApiPool, karpenterPool } from "../../support/elastic-pools.ts";
import { stackConfig, testDigest } from "../../support/stack-config.ts";
import { hydrated } from "../../support/weights-settings.ts";

const gpuToleration = { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" };

test("the default settings leave to the chart what they do not decide", () => {
  expect(chartValues(stackConfig(), "promotion")).toEqual({
    managedBy: "keye-stack",
    replicas: 0,
    image: {
      repository: "kwaikeye/kwai-keye-vl",
      tag: "keye_vl_v2_30b_a3b",
      digest: testDigest,
      pullPolicy: "IfNotPresent",
    },
    imagePullSecrets: [],
    model: { path: "Kwai-Keye/Keye-VL-2.0-30B-A3B", servedName: "keye-vl-2.0-30b-a3b" },
    engine: {
      tpSize: 2,
      memFractionStatic: 0.8,
      port: 8000,
      enableMetrics: true,
      extraArgs: [],
      env: {},
      resources: { cpu: "16", memory: "192Gi", shm: "32Gi" },
      startupSeconds: 4380,
      terminationGraceSeconds: 1830,
    },
    podAnnotations: {},
    tolerations: [gpuToleration],
    nodeSelector: { "keye-stack.dev/pool": "h800" },
    service: { selects: "nothing" },
  });
});

test("for manifests a Job proves the revision, with an image that can; a promotion needs none", () => {
  const toolsImage = `registry.example.com/keye/keye-stack@${testDigest}`;
  const gateJob = { enabled: true, image: toolsImage, profile: "gate" };
  expect(chartValues(stackConfig({ toolsImage }), "manifests")).toMatchObject({ gateJob });
  expect(chartValues(stackConfig({ toolsImage }), "promotion")).not.toHaveProperty("gateJob");
  expect(chartValues(stackConfig(), "manifests")).not.toHaveProperty("gateJob");
});

test.each([
  { strategy: "recreate", has: true },
  { strategy: "auto", has: true },
  { strategy: "blueGreen", has: false },
  { strategy: "canary", has: false },
])(
  "a watchdog has an account where a promotion may need one and has an image for it: $strategy",
  ({ strategy, has }) => {
    const toolsImage = `registry.example.com/keye/keye-stack@${testDigest}`;
    const config = stackConfig({ toolsImage, rollout: { strategy } });
    expect(chartValues(config, "promotion").watchdog).toEqual(has ? { enabled: true } : undefined);
    expect(chartValues(config, "manifests").watchdog).toBeUndefined();
    const groups = ["keye-1a2b3c4d5e"];
    expect(chartValues(config, "promotion", groups).watchdog).toEqual(has ? { enabled: true, groups } : undefined);
    expect(chartValues(stackConfig({ rollout: { strategy } }), "promotion").watchdog).toBeUndefined();
  },
);

test("for manifests the replicas are those of the settings, and nobody's selector is written", () => {
  expect(chartValues(stackConfig({ replicas: 3 }), "manifests")).toMatchObject({
    replicas: 3,
    service: { selects: "unset" },
  });
});

test.each([
  {
    what: "a claim is mounted read-only",
    settings: { model: { path: "/models/keye", volume: { kind: "pvc", claim: "weights", mountPath: "/models" } } },
    values: {
      model: {
        volume: { mountPath: "/models", source: { persistentVolumeClaim: { claimName: "weights", readOnly: true } } },
      },
    },
  },
  {
    what: "a folder of the node must be there, or the pod does not start",
    settings: {
      model: { path: "/models/keye", volume: { kind: "hostPath", path: "/data/keye", mountPath: "/models/keye" } },
    },
    values: {
      model: { volume: { mountPath: "/models/keye", source: { hostPath: { path: "/data/keye", type: "Directory" } } } },
    },
  },
  {
    what: "kernels are kept on a claim, by the GPUs of all pools",
    settings: {
      engine: { cacheVolume: { kind: "pvc", claim: "kernels" } },
      nodePools: [{ name: "h800", gpuProducts: ["NVIDIA-H800-NVL", "NVIDIA-H800"] }],
    },
    values: {
      cacheVolume: { persistentVolumeClaim: { claimName: "kernels" } },
      gpuProducts: ["NVIDIA-H800", "NVIDIA-H800-NVL"],
    },
  },
  {
    what: "kernels are kept in a folder of the node, which is made where it is missing",
    settings: { engine: { cacheVolume: { kind: "hostPath", path: "/var/cache/keye" } } },
    values: { cacheVolume: { hostPath: { path: "/var/cache/keye", type: "DirectoryOrCreate" } } },
  },
  {
    what: "Secrets are passed by name",
    settings: {
      model: { tokenSecret: { name: "hub", key: "token" } },
      engine: { apiKeySecret: { name: "keye-api", key: "key" } },
      image: { digest: testDigest, pullSecrets: ["registry"] },
    },
    values: {
      model: { tokenSecret: { name: "hub", key: "token" } },
      engine: { apiKeySecret: { name: "keye-api", key: "key" } },
      imagePullSecrets: [{ name: "registry" }],
    },
  },
  {
    what: "optional settings of the engine are passed where they are given",
    settings: {
      engine: {
        contextLength: 131_072,
        maxRunningRequests: 64,
        runtimeClassName: "nvidia",
        podAnnotations: { a: "b" },
      },
    },
    values: {
      engine: { contextLength: 131_072, maxRunningRequests: 64 },
      runtimeClassName: "nvidia",
      podAnnotations: { a: "b" },
    },
  },
  {
    what: "the pool's taints are tolerated beside that of the GPUs",
    settings: {
      nodePools: [
        {
          name: "h800",
          taints: [
            { key: "example.com/team", value: "vision", effect: "NoSchedule" },
            { key: "example.com/gpu", effect: "NoExecute" },
          ],
        },
      ],
    },
    values: {
      tolerations: [
        gpuToleration,
        { key: "example.com/team", operator: "Equal", value: "vision", effect: "NoSchedule" },
        { key: "example.com/gpu", operator: "Exists", effect: "NoExecute" },
      ],
    },
  },
])("$what", ({ settings, values }) => {
  expect(chartValues(stackConfig(settings), "promotion")).toMatchObject(values);
});

test("weights that a Job fetches are a folder to the engine, which gets neither their commit nor the hub's token", () => {
  const values = chartValues(stackConfig(hydrated({ tokenSecret: { name: "hub", key: "token" } })), "promotion");
  expect(values.model).toEqual({
    path: "/models/0123456789ab",
    servedName: "keye-vl-2.0-30b-a3b",
    volume: { mountPath: "/models", source: { persistentVolumeClaim: { claimName: "keye-weights", readOnly: true } } },
  });
});

test.each([
  { what: "nodes that exist", pool: { name: "h800" }, label: "keye-stack.dev/pool", annotations: { a: "b" } },
  {
    what: "nodes that Karpenter makes",
    pool: karpenterPool,
    label: "keye-stack.dev/pool",
    annotations: { "karpenter.sh/do-not-disrupt": "true", a: "b" },
  },
  {
    what: "nodes that Cluster API makes",
    pool: clusterApiPool,
    label: "keye-stack.node.cluster.x-k8s.io/pool",
    annotations: { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false", a: "b" },
  },
])("on $what the engine runs by their label, and asks to stay where they are made", ({ pool, label, annotations }) => {
  const values = chartValues(stackConfig({ nodePools: [pool], engine: { podAnnotations: { a: "b" } } }), "promotion");
  expect(values).toMatchObject({ nodeSelector: { [label]: "h800" } });
  expect(values.podAnnotations).toEqual(annotations);
});

describe("with several pools", () => {
  const config = stackConfig({
    nodePools: [
      { name: "old", selector: { rack: "1" } },
      { name: "new", selector: { rack: "2" } },
    ],
  });

  test("the engine may run in any of them, and in no other place", () => {
    expect(chartValues(config, "promotion")).toMatchObject({
      nodeSelector: {},
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: "keye-stack.dev/pool", operator: "In", values: ["old", "new"] }] },
            ],
          },
        },
      },
    });
  });

  test("nodes that Cluster API makes are told by a label of their own", () => {
    const nodePools = [
      { name: "owned", selector: { rack: "1" } },
      { ...clusterApiPool, name: "made" },
    ];
    expect(chartValues(stackConfig({ nodePools }), "promotion")).toMatchObject({
      nodeSelector: {},
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: "keye-stack.dev/pool", operator: "In", values: ["owned"] }] },
              {
                matchExpressions: [{ key: "keye-stack.node.cluster.x-k8s.io/pool", operator: "In", values: ["made"] }],
              },
            ],
          },
        },
      },
    });
  });

  test("no single label finds their nodes", () => {
    expect(engineNodeSelector(config)).toEqual({});
  });
});
