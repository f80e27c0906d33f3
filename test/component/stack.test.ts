import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { declareStack } from "../../infra/components/stack.ts";
import { karpenterPool } from "../support/elastic-pools.ts";
import { poolNode } from "../support/pool-node.ts";
import { recordResources, settled } from "../support/recorded-resources.ts";
import { stackConfig, testDigest } from "../support/stack-config.ts";
import { hydrated } from "../support/weights-settings.ts";

// The SDK hands it to every provider.
beforeEach(() => vi.stubEnv("KUBECONFIG", undefined));
afterEach(() => vi.unstubAllEnvs());

const inspectNodes = "rollgate:index:inspectNodes";
const planHeadroom = "rollgate:index:planHeadroom";
const inspected = {
  clusterUid: "5f8c",
  serverVersion: "v1.36.3",
  pools: [{ name: "h800", nodes: [poolNode({ name: "a" }), poolNode({ name: "b" })] }],
};

const promoted = {
  activeRevision: "0123456789",
  previousRevision: null,
  provenAt: "2026-01-01T00:00:00Z",
  evidence: { configMap: "rollgate-keye-0123456789-abcdefabcd", sha256: "e3b0" },
  podUids: ["u1"],
};

test("namespace and node pools come before the model server, all of it and the supply before the promotion", async () => {
  const recording = await recordResources({
    functions: { [inspectNodes]: () => inspected },
    outputs: { "rollgate:index:Promotion": promoted },
  });
  const { revision } = await declareStack(stackConfig({ context: "gpu" }));
  const resources = await recording.resources();
  const lines = resources.map((one) =>
    [
      `${one.type} ${one.name}`.replaceAll(revision, "<revision>"),
      one.parent === undefined ? "" : `in ${one.parent.split(" ")[1]}`,
      one.provider === undefined ? "" : `by ${one.provider}`,
      one.isProtected ? "protected" : "",
      one.isKeptOnDelete ? "kept" : "",
      one.ignoreChanges.length === 0 ? "" : `ignores ${one.ignoreChanges.join(", ")}`,
    ]
      .filter((part) => part !== "")
      .join(" | "),
  );
  expect(lines).toEqual([
    "keye-stack:cluster:NodePool h800",
    "keye-stack:serving:ModelServer keye",
    "keye-stack:supply:Supply keye",
    "kubernetes:apps/v1:Deployment keye-<revision> | in keye | by cluster | ignores spec.replicas",
    "kubernetes:batch/v1:Job keye-prepull-0f1e2d3c-5970915f | in keye | by cluster | ignores spec.suspend",
    "kubernetes:batch/v1:Job keye-prepull-0f1e2d3c-85380215 | in keye | by cluster | ignores spec.suspend",
    "kubernetes:core/v1:ConfigMap keye-<revision> | in keye | by cluster",
    "kubernetes:core/v1:Namespace keye | by cluster-namespace | kept",
    "kubernetes:core/v1:NodePatch h800-a-labels | in h800 | by cluster",
    "kubernetes:core/v1:NodePatch h800-b-labels | in h800 | by cluster",
    "kubernetes:core/v1:Service keye | in keye | by cluster | protected | ignores spec.selector",
    "kubernetes:core/v1:Service keye-candidate | in keye | by cluster",
    "kubernetes:core/v1:ServiceAccount keye | in keye | by cluster",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy keye | in keye | by cluster",
    "kubernetes:policy/v1:PodDisruptionBudget keye-<revision> | in keye | by cluster",
    "pulumi:providers:kubernetes cluster",
    "pulumi:providers:kubernetes cluster-namespace",
    "rollgate:index:Promotion keye | protected",
  ]);
  const server = resources.find((one) => one.type === "keye-stack:serving:ModelServer");
  expect(server?.dependsOn).toEqual([
    "kubernetes:core/v1:Namespace keye",
    "kubernetes:core/v1:NodePatch h800-a-labels",
    "kubernetes:core/v1:NodePatch h800-b-labels",
  ]);
  const promotion = resources.find((one) => one.type === "rollgate:index:Promotion");
  const first = ["keye-stack:serving:ModelServer keye", "keye-stack:supply:Supply keye"];
  const before = resources.filter((one) => first.includes(one.parent ?? ""));
  expect(promotion?.dependsOn).toEqual(before.map((one) => `${one.type} ${one.name}`).sort());
});

test("the providers are bound to the cluster by its identity, and only the namespace may be taken over", async () => {
  const recording = await recordResources({ functions: { [inspectNodes]: () => inspected } });
  await declareStack(stackConfig({ context: "gpu" }));
  const providers = (await recording.resources()).filter((one) => one.type === "pulumi:providers:kubernetes");
  const common = {
    context: "gpu",
    clusterIdentifier: "5f8c",
    deleteUnreachable: "false",
    skipUpdateUnreachable: "false",
  };
  expect(providers.map(({ name, inputs }) => [name, inputs])).toEqual([
    ["cluster", common],
    ["cluster-namespace", { ...common, upsertExistingObjects: "true" }],
  ]);
});

test("the promotion gets the rendered revision, and the stack's outputs name the revision that serves", async () => {
  const recording = await recordResources({
    functions: { [inspectNodes]: () => inspected },
    outputs: { "rollgate:index:Promotion": promoted },
  });
  const outputs = await declareStack(stackConfig());
  const resources = await recording.resources();
  const promotion = resources.find((one) => one.type === "rollgate:index:Promotion");
  const workload = resources.find((one) => one.type === "kubernetes:apps/v1:Deployment");
  expect(outputs.revision).toMatch(/^[0-9a-f]{10}$/);
  expect(promotion?.inputs).toMatchObject({
    app: "keye",
    namespace: "keye",
    service: "keye",
    revision: outputs.revision,
    workload: `keye-${outputs.revision}`,
    imageDigest: testDigest,
  });
  expect(workload?.name).toBe(promotion?.inputs.workload);
  expect(outputs.endpoint).toBe("http://keye.keye.svc:8000");
  expect(await settled(outputs.activeRevision)).toBe("0123456789");
  expect(await settled(outputs.evidence)).toEqual(promoted.evidence);
});

test("the plugin is asked for the nodes of each pool, in the stack's context", async () => {
  const asked: unknown[] = [];
  const recording = await recordResources({
    functions: {
      [inspectNodes]: (args) => {
        asked.push(args);
        return inspected;
      },
    },
  });
  await declareStack(stackConfig({ context: "gpu" }));
  await recording.resources();
  expect(asked).toEqual([
    { context: "gpu", pools: [{ name: "h800", selector: { "nvidia.com/gpu.product": "NVIDIA-H800" } }] },
  ]);
});

test("claims and Secrets are asked for by name, and nothing is registered where a claim does not fit", async () => {
  const asked: unknown[] = [];
  const recording = await recordResources({
    functions: {
      [inspectNodes]: () => inspected,
      "rollgate:index:inspectReferences": (args) => {
        asked.push(args);
        return { claims: [{ name: "keye-weights", accessModes: ["ReadWriteOnce"] }], secrets: [] };
      },
    },
  });
  await expect(declareStack(stackConfig(hydrated()))).rejects.toMatchObject({ code: "CLAIM_MISMATCH" });
  expect(asked).toEqual([{ namespace: "keye", claims: ["keye-weights"], secrets: [] }]);
  expect(await recording.resources()).toEqual([]);
});

test("the promotion is told of the Jobs, and of the key of compiled kernels", async () => {
  const recording = await recordResources({
    functions: {
      [inspectNodes]: () => inspected,
      "rollgate:index:inspectReferences": () => ({
        claims: ["keye-weights", "kernels"].map((name) => ({ name, accessModes: ["ReadWriteMany"] })),
        secrets: [],
      }),
    },
  });
  await declareStack(stackConfig({ ...hydrated(), engine: { cacheVolume: { kind: "pvc", claim: "kernels" } } }));
  const resources = await recording.resources();
  const promotion = resources.find((one) => one.type === "rollgate:index:Promotion");
  const jobs = resources.filter((one) => one.type === "kubernetes:batch/v1:Job").map((one) => one.name);
  expect(jobs).toHaveLength(3);
  expect(promotion?.inputs).toMatchObject({
    cacheKey: expect.stringMatching(/^[0-9a-f]{10}$/),
    supply: { jobs: jobs.map((name) => expect.objectContaining({ name })), parallelism: 4, deadlineSeconds: 3600 },
  });
});

test("nothing is registered where the nodes do not fit", async () => {
  const recording = await recordResources({
    functions: { [inspectNodes]: () => ({ ...inspected, pools: [{ name: "h800", nodes: [] }] }) },
  });
  await expect(declareStack(stackConfig())).rejects.toMatchObject({ code: "POOL_MISMATCH" });
  expect(await recording.resources()).toEqual([]);
});

describe("a pool that Karpenter makes", () => {
  const kind = { apiVersion: "karpenter.sh/v1", kind: "NodePool" };
  const settings = { nodePools: [{ ...karpenterPool, rdma: { resource: "rdma/hca" } }] };
  const empty = { ...inspected, pools: [{ name: "h800", nodes: [] }], missingKinds: [] };

  test("is asked for by its own label and may be empty: nothing is brought to nodes, and the promotion may wait", async () => {
    const told = vi.spyOn(console, "log").mockReturnValue();
    const asked: unknown[] = [];
    const recording = await recordResources({
      functions: {
        [inspectNodes]: (args) => {
          asked.push(args);
          return empty;
        },
      },
    });
    await declareStack(stackConfig(settings));
    const resources = await recording.resources();
    expect(told.mock.calls).toContainEqual([expect.stringContaining("h800: no node yet; up to 4 may come")]);
    told.mockRestore();
    expect(asked).toEqual([
      { pools: [{ name: "h800", selector: { "keye-stack.dev/pool": "h800" }, rdma: "rdma/hca" }], kinds: [kind] },
    ]);
    const made = resources.find((one) => one.type === "kubernetes:karpenter.sh/v1:NodePool");
    expect(made).toMatchObject({ name: "h800", provider: "cluster", isKeptOnDelete: false });
    expect(resources.filter((one) => one.type === "kubernetes:batch/v1:Job")).toEqual([]);
    const promotion = resources.find((one) => one.type === "rollgate:index:Promotion");
    expect(promotion?.inputs.growth).toMatchObject({ nodeStartSeconds: 1200 });
    const server = resources.find((one) => one.type === "keye-stack:serving:ModelServer");
    expect(server?.dependsOn).toContain("kubernetes:karpenter.sh/v1:NodePool h800");
  });

  test("is refused beside a claim that one node alone can mount, though no node is there yet", async () => {
    const claims = [{ name: "keye-weights", accessModes: ["ReadWriteOnce"] }];
    const recording = await recordResources({
      functions: {
        [inspectNodes]: () => empty,
        "rollgate:index:inspectReferences": () => ({ claims, secrets: [] }),
      },
    });
    const told = vi.spyOn(console, "log").mockReturnValue();
    await expect(declareStack(stackConfig({ ...hydrated(), ...settings }))).rejects.toMatchObject({
      code: "CLAIM_MISMATCH",
      message: expect.stringContaining("2 replicas are wanted on 4 nodes"),
    });
    told.mockRestore();
    expect(await recording.resources()).toEqual([]);
  });

  test("is refused before anything is registered where Karpenter is not installed", async () => {
    const recording = await recordResources({
      functions: { [inspectNodes]: () => ({ ...empty, missingKinds: [kind] }) },
    });
    const failure = await declareStack(stackConfig(settings)).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "POOL_MISMATCH",
      message: expect.stringContaining("h800: the cluster has no karpenter.sh/v1 NodePool: install Karpenter"),
    });
    expect(await recording.resources()).toEqual([]);
  });
});

const unreachable =
  "ENV_UNREACHABLE: https://10.0.0.1:6443: No answer in 5 s (connect ECONNREFUSED). Check the context: kubectl cluster-info";

test.each([
  { what: "a cluster that cannot be reached", said: unreachable, code: "ENV_UNREACHABLE", text: unreachable },
  {
    what: "what nobody foresaw",
    said: "plugin exited",
    code: "E_API",
    text: "E_API: rollgate:index:inspectNodes: plugin exited",
  },
])("the plugin's words are passed on alone: $what", async ({ said, code, text }) => {
  const recording = await recordResources({
    functions: {
      [inspectNodes]: () => {
        // A gRPC error: the SDK reads its details.
        throw Object.assign(new Error(said), { details: said });
      },
    },
  });
  const failure = await declareStack(stackConfig()).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code, message: text });
  expect(await recording.resources()).toEqual([]);
});

test("what holds the GPUs is told, and the plugin plans with the chart's pods and the nodes' labels to be", async () => {
  const asked: unknown[] = [];
  const told = vi.spyOn(pulumi.log, "info").mockResolvedValue();
  const recording = await recordResources({
    functions: {
      [inspectNodes]: () => inspected,
      [planHeadroom]: (args) => {
        asked.push(args);
        return { lines: ["node", "h800-0"], choice: "blueGreen", because: "there is room", refusals: {} };
      },
    },
  });
  const { revision } = await declareStack(stackConfig({ context: "gpu" }));
  const promotion = (await recording.resources()).find((one) => one.type === "rollgate:index:Promotion");
  expect(told.mock.calls).toContainEqual(["node\nh800-0"]);
  told.mockRestore();
  expect(promotion?.inputs.strategy).toBe("blueGreen");
  expect(asked).toEqual([
    {
      context: "gpu",
      namespace: "keye",
      app: "keye",
      service: "keye",
      revision,
      replicas: 2,
      podSpec: expect.objectContaining({ nodeSelector: { "keye-stack.dev/pool": "h800" } }),
      adopted: [{ selector: { "nvidia.com/gpu.product": "NVIDIA-H800" }, labels: { "keye-stack.dev/pool": "h800" } }],
    },
  ]);
});

describe("a rollout that cannot end is refused before anything is registered", () => {
  const hint = "Free GPUs or add nodes.";
  const refusals = {
    blueGreen: { message: "needs 2 replicas of 2 GPUs each; there is room for 1 (2 GPUs free).", hint },
    recreate: { message: "there is room for 1 once the 2 of the old revision are gone (2 GPUs free now).", hint },
  };
  test.each([
    { strategy: "blueGreen", choice: "canary", says: refusals.blueGreen.message },
    { strategy: "recreate", choice: undefined, says: refusals.recreate.message },
    { strategy: "auto", choice: undefined, says: refusals.blueGreen.message },
  ])("$strategy, where $choice would do", async ({ strategy, choice, says }) => {
    const plan = () => ({ lines: [], because: "", refusals, isReplacing: true, ...(choice && { choice }) });
    const recording = await recordResources({ functions: { [inspectNodes]: () => inspected, [planHeadroom]: plan } });
    const refused = await declareStack(stackConfig({ rollout: { strategy } })).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "E_CAPACITY", message: expect.stringContaining(`${says} ${hint}`) });
    expect(await recording.resources()).toEqual([]);
  });
});

describe("an outage that is to be expected", () => {
  const because = "nobody serves until they are ready; blueGreen cannot (room for 0 of 2)";
  const toolsImage = `registry.example/keye@sha256:${"c".repeat(64)}`;
  const told = { auto: `auto comes to recreate: ${because}. OUTAGE: nobody serves`, recreate: "OUTAGE: nobody serves" };
  test.each([
    { strategy: "auto", isReplacing: true, settings: {}, warnings: [told.auto, "No watchdog"] },
    { strategy: "recreate", isReplacing: true, settings: {}, warnings: [told.recreate, "No watchdog"] },
    { strategy: "recreate", isReplacing: true, settings: { toolsImage }, warnings: [told.recreate] },
    { strategy: "recreate", isReplacing: false, settings: {}, warnings: [] },
    { strategy: "blueGreen", isReplacing: true, settings: {}, warnings: [] },
  ] as const)(
    "$strategy, replacing: $isReplacing, $settings",
    async ({ strategy, isReplacing, settings, warnings }) => {
      const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
      const plan = () => ({ lines: [], choice: "recreate", because, refusals: {}, isReplacing });
      const recording = await recordResources({ functions: { [inspectNodes]: () => inspected, [planHeadroom]: plan } });
      await declareStack(stackConfig({ rollout: { strategy }, ...settings }));
      const promotion = (await recording.resources()).find((one) => one.type === "rollgate:index:Promotion");
      const said = warn.mock.calls.map(([text]) => text).filter((text) => /OUTAGE|watchdog/.test(text));
      warn.mockRestore();
      expect(said).toEqual(warnings.map((text) => expect.stringContaining(text)));
      expect(promotion?.inputs.strategy).toBe(strategy === "auto" ? "recreate" : strategy);
    },
  );
});

describe("the watchdog's account", () => {
  const toolsImage = `registry.example/keye@sha256:${"c".repeat(64)}`;
  const inspectRevisions = "rollgate:index:inspectRevisions";

  test.each([
    { what: "nothing more where no earlier revision is groups", groups: [], byName: [] },
    { what: "the groups of earlier revisions", groups: ["keye-1a2b3c4d5e"], byName: ["keye-1a2b3c4d5e"] },
  ])("may scale $what, though none is kept", async ({ groups, byName }) => {
    const found = () => ({ promoted: [], groups });
    const functions = { [inspectNodes]: () => inspected, [inspectRevisions]: found };
    const recording = await recordResources({ functions });
    const { revision } = await declareStack(
      stackConfig({ toolsImage, rollout: { strategy: "recreate", keepRevisions: 0 } }),
    );
    const resources = await recording.resources();
    const role = resources.find(({ type }) => type === "kubernetes:rbac.authorization.k8s.io/v1:Role");
    // As the chart renders it.
    const rules = role?.inputs.rules as readonly { resources: readonly string[]; resourceNames?: readonly string[] }[];
    const ofGroups = rules.filter(({ resources: names }) => names.includes("leaderworkersets/scale"));
    expect(ofGroups.flatMap(({ resourceNames }) => resourceNames)).toEqual(byName);
    expect(resources.some(({ name }) => name === `keye-${revision}`)).toBe(true);
  });
});

test("auto is carried out as blueGreen where there is room", async () => {
  const recording = await recordResources({ functions: { [inspectNodes]: () => inspected } });
  await declareStack(stackConfig({ rollout: { strategy: "auto" } }));
  const promotion = (await recording.resources()).find((one) => one.type === "rollgate:index:Promotion");
  expect(promotion?.inputs.strategy).toBe("blueGreen");
});
