import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { probeHash, probeSpec, promotionInputs } from "../../../infra/spec/promotion-inputs.ts";
import { stackConfig, testDigest } from "../../support/stack-config.ts";
import { hydrated, weightsCommit } from "../../support/weights-settings.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const host = { sha256, evidenceDir: "/var/evidence" };
const revision = "1a2b3c4d5e";
const candidate = { revision, supply: undefined, cacheKey: undefined };

test("the promotion is told everything by value, and Secrets by name", () => {
  const config = stackConfig({
    context: "gpu",
    engine: { apiKeySecret: { name: "keye-api", key: "key" }, contextLength: 131_072 },
    rollout: { retryNonce: "again" },
  });
  const probe = {
    profile: "gate",
    expectation: {
      modelPath: "Kwai-Keye/Keye-VL-2.0-30B-A3B",
      servedModelName: "keye-vl-2.0-30b-a3b",
      weightVersion: revision,
      tpSize: 2,
      memFractionStatic: 0.8,
      contextLength: 131_072,
      trustRemoteCode: true,
      hasImageUnderstanding: true,
      dpSize: 1,
      ppSize: 1,
      epSize: 1,
      kvCacheDtype: "auto",
      quantization: "none",
      attentionBackend: "keye_sa",
      prefillAttentionBackend: "keye_sa",
      decodeAttentionBackend: "keye_sa",
      pageSize: 64,
      architecture: "KeyeVL2MoeForConditionalGeneration",
    },
    consecutivePasses: 3,
  };
  expect(promotionInputs(config, candidate, host)).toEqual({
    namespace: "keye",
    budgets: {
      schedule: 90,
      pull: 60,
      hydrate: 0,
      load: 1980,
      jit: 1500,
      graphs: 300,
      "warm-up": 600,
      probe: 600,
    },
    app: "keye",
    service: "keye",
    context: "gpu",
    revision,
    workload: `keye-${revision}`,
    replicas: 2,
    gpusPerReplica: 2,
    nodeSelector: { "keye-stack.dev/pool": "h800" },
    port: 8000,
    strategy: "blueGreen",
    probe,
    probeHash: "6ef119170a",
    imageDigest: testDigest,
    deadlines: config.rollout.deadlines,
    cooldownSeconds: 1800,
    retryNonce: "again",
    apiKeySecret: { name: "keye-api", key: "key" },
    evidenceDir: "/var/evidence",
  });
});

test("what is set to null is not compared", () => {
  const expect_ = { attentionBackend: null, pageSize: null, architecture: null };
  expect(probeSpec(stackConfig({ gate: { expect: expect_ } }), revision).expectation).toEqual({
    modelPath: "Kwai-Keye/Keye-VL-2.0-30B-A3B",
    servedModelName: "keye-vl-2.0-30b-a3b",
    weightVersion: revision,
    tpSize: 2,
    memFractionStatic: 0.8,
    trustRemoteCode: true,
    hasImageUnderstanding: true,
    dpSize: 1,
    ppSize: 1,
    epSize: 1,
    kvCacheDtype: "auto",
    quantization: "none",
  });
});

test.each([
  { latency: {}, spec: undefined },
  { latency: { ttftSeconds: 1.5 }, spec: { ttftSeconds: 1.5 } },
  { latency: { ttftSeconds: 2, interTokenSeconds: 0.08 }, spec: { ttftSeconds: 2, interTokenSeconds: 0.08 } },
])("latency limits $latency are the probe spec's, and none leave it as it was", ({ latency, spec }) => {
  expect(probeSpec(stackConfig({ gate: { latency } }), revision).latency).toEqual(spec);
});

test("how pods are reached is told to the promotion, and is in no hash", () => {
  const usual = promotionInputs(stackConfig(), candidate, host);
  const inside = promotionInputs(stackConfig({ gate: { transport: "in-cluster" } }), candidate, host);
  expect(usual).not.toHaveProperty("transport");
  expect(inside).toEqual({ ...usual, transport: "in-cluster" });
});

test("a promotion never calls its candidate disposable, whatever the profile", () => {
  const config = stackConfig();
  for (const profile of ["smoke", "gate", "soak"] as const) {
    const spec = probeSpec({ ...config, gate: { ...config.gate, profile } }, revision);
    expect(spec).not.toHaveProperty("isDisposable");
  }
});

test("the probe hash is that of the spec, whatever the order of its fields", () => {
  const expectation = { tpSize: 2, modelPath: "/m" };
  const reversed = { modelPath: "/m", tpSize: 2 };
  const hash = probeHash({ profile: "gate", expectation }, sha256);
  expect(hash).toBe(probeHash({ expectation: reversed, profile: "gate" }, sha256));
  expect(hash).not.toBe(probeHash({ profile: "smoke", expectation }, sha256));
});

test("what must be brought first is passed on", () => {
  const supply = { jobs: [], parallelism: 4, deadlineSeconds: 3600 };
  expect(promotionInputs(stackConfig(), { ...candidate, supply }, host).supply).toEqual(supply);
});

test.each([
  { what: "a claim, which all replicas share", cacheVolume: { kind: "pvc", claim: "kernels" }, cacheKey: "26bdbcf38c" },
  {
    what: "each node: one replica does not warm the others",
    cacheVolume: { kind: "hostPath", path: "/var/cache/keye" },
  },
])("the key of compiled kernels is told where they are kept on $what", ({ cacheVolume, cacheKey }) => {
  const config = stackConfig({ engine: { cacheVolume } });
  const inputs = promotionInputs(config, { ...candidate, cacheKey: "26bdbcf38c" }, host);
  expect(inputs.cacheKey).toBe(cacheKey);
});

test("an engine whose weights a Job fetched must report their folder, and no commit", () => {
  const { expectation } = probeSpec(stackConfig(hydrated()), revision);
  expect(expectation.modelPath).toBe(`/models/${weightsCommit.slice(0, 12)}`);
  expect(expectation).not.toHaveProperty("modelRevision");
});

test.each([
  { strategy: "recreate", has: true },
  { strategy: "blueGreen", has: false },
  { strategy: "canary", has: false },
])("a watchdog is for recreate alone, and needs an image: $strategy", ({ strategy, has }) => {
  const toolsImage = `registry.example.com/keye/keye-stack@${testDigest}`;
  const config = stackConfig({ toolsImage, rollout: { strategy, watchdogSeconds: 60 } });
  const wanted = has ? { image: toolsImage, staleSeconds: 60 } : undefined;
  expect(promotionInputs(config, candidate, host).watchdog).toEqual(wanted);
  expect(promotionInputs(stackConfig({ rollout: { strategy } }), candidate, host).watchdog).toBeUndefined();
});
