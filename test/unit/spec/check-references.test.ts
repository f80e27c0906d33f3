import { describe, expect, test } from "vitest";
import type { InspectReferencesResult } from "../../../infra/core/references.ts";
import { checkClaims, claimError, referencesOf, secretWarnings } from "../../../infra/spec/check-references.ts";
import { stackConfig, testDigest } from "../../support/stack-config.ts";
import { hydrated } from "../../support/weights-settings.ts";

const volume = { kind: "pvc", claim: "weights", mountPath: "/models" };
const served = { model: { path: "/models/keye", volume } };
const fetched = hydrated({ volume });
const cached = { engine: { cacheVolume: { kind: "pvc", claim: "kernels" } } };
const choice = "Use one with ReadWriteMany, or kind hostPath, which keeps a copy on each node.";

function claim(name: string, ...accessModes: readonly string[]): InspectReferencesResult {
  return { claims: [{ name, accessModes }], secrets: [] };
}

const nothing: InspectReferencesResult = { claims: [], secrets: [] };

test("claims and Secrets are looked for where the settings name them", () => {
  const config = stackConfig({
    ...hydrated({ volume, tokenSecret: { name: "hub", key: "token" } }),
    image: { digest: testDigest, pullSecrets: ["registry"] },
    engine: { ...cached.engine, apiKeySecret: { name: "keye-api", key: "key" } },
  });
  const { claims, secrets } = referencesOf(config);
  expect(claims.map(({ name }) => name)).toEqual(["weights", "kernels"]);
  expect(secrets).toEqual([
    { setting: "image.pullSecrets[0]", name: "registry", keys: [] },
    { setting: "model.tokenSecret", name: "hub", keys: ["token"] },
    { setting: "engine.apiKeySecret", name: "keye-api", keys: ["key"] },
  ]);
});

describe("a claim that is there", () => {
  test.each([
    { what: "for many writers", settings: fetched, found: claim("weights", "ReadWriteMany"), nodeCount: 4 },
    {
      what: "for many readers of weights that are there",
      settings: served,
      found: claim("weights", "ReadOnlyMany"),
      nodeCount: 4,
    },
    {
      what: "of one node where there is one",
      settings: fetched,
      found: claim("weights", "ReadWriteOnce"),
      nodeCount: 1,
    },
    {
      what: "of several modes",
      settings: served,
      found: claim("weights", "ReadWriteOnce", "ReadWriteMany"),
      nodeCount: 4,
    },
  ])("fits: $what", ({ settings, found, nodeCount }) => {
    expect(checkClaims(stackConfig(settings), found, nodeCount)).toEqual([]);
  });

  test.each([
    {
      what: "one node's, under several replicas on several nodes",
      settings: served,
      found: claim("weights", "ReadWriteOnce"),
      problem: `model.volume.claim: claim weights has ReadWriteOnce: one node can mount it at a time, and 2 replicas are wanted on 2 nodes. ${choice}`,
    },
    {
      what: "one node's, under a rollout that runs old and new",
      settings: { ...served, replicas: 1 },
      found: claim("weights", "ReadWriteOnce"),
      problem: `model.volume.claim: claim weights has ReadWriteOnce: one node can mount it at a time, and blueGreen may run old and new at once on 2 nodes. ${choice}`,
    },
    {
      what: "one pod's",
      settings: served,
      found: claim("weights", "ReadWriteOncePod"),
      problem: `model.volume.claim: claim weights has ReadWriteOncePod: one pod can mount it at a time, and 2 replicas are wanted. ${choice}`,
    },
    {
      what: "read-only where weights are fetched",
      settings: fetched,
      found: claim("weights", "ReadOnlyMany"),
      problem: "model.volume.claim: claim weights has ReadOnlyMany, and pods write to it. Use one with ReadWriteMany.",
    },
    {
      what: "read-only where kernels are kept",
      settings: cached,
      found: claim("kernels", "ReadOnlyMany"),
      problem:
        "engine.cacheVolume.claim: claim kernels has ReadOnlyMany, and pods write to it. Use one with ReadWriteMany.",
    },
  ])("is refused: $what", ({ settings, found, problem }) => {
    expect(checkClaims(stackConfig(settings), found, 2)).toEqual([problem]);
  });
});

describe("a claim that is not there", () => {
  test.each([
    {
      what: "with the weights",
      settings: served,
      problem:
        "model.volume.claim: namespace keye has no PersistentVolumeClaim weights. Create it, or set model.volume.create and the stack makes it.",
    },
    {
      what: "for kernels",
      settings: cached,
      problem:
        "engine.cacheVolume.claim: namespace keye has no PersistentVolumeClaim kernels. Create it with access mode ReadWriteMany: engines of every node write to it.",
    },
  ])("is refused with the cure: $what", ({ settings, problem }) => {
    expect(checkClaims(stackConfig(settings), nothing, 2)).toEqual([problem]);
  });

  test("is no problem where the stack makes it", () => {
    const config = stackConfig(hydrated({ volume: { ...volume, create: {} } }));
    expect(checkClaims(config, nothing, 2)).toEqual([]);
  });
});

test("a claim of one node is enough for one replica that is taken down before the next", () => {
  const { rollout, ...config } = stackConfig({ ...served, replicas: 1 });
  const found = claim("weights", "ReadWriteOnce");
  expect(checkClaims({ ...config, rollout: { ...rollout, strategy: "recreate" } }, found, 2)).toEqual([]);
});

test("all problems are one error", () => {
  expect(claimError(["a: one.", "b: two."], "keye").message).toBe(
    "CLAIM_MISMATCH: keye: a: one. b: two. Nothing was created. See the claims: kubectl -n keye get pvc",
  );
});

describe("Secrets", () => {
  const weights = { kind: "s3", url: "s3://models/keye", credentialsSecret: "bucket" };
  const config = stackConfig(hydrated({ weights }));

  test.each<{ readonly what: string; readonly secrets: InspectReferencesResult["secrets"]; readonly said: unknown }>([
    {
      what: "one that is missing is told of, and may be made meanwhile",
      secrets: [],
      said: ["model.weights.credentialsSecret: namespace keye has no Secret bucket yet."],
    },
    {
      what: "a missing key is told of",
      secrets: [{ name: "bucket", keys: ["AWS_ACCESS_KEY_ID"] }],
      said: ["model.weights.credentialsSecret: Secret bucket has no key AWS_SECRET_ACCESS_KEY."],
    },
    { what: "nothing is said of one that may not be read", secrets: [{ name: "bucket" }], said: [] },
  ])("$what", ({ secrets, said }) => {
    expect(secretWarnings(config, { claims: [], secrets })).toEqual(said);
  });
});
