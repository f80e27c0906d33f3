import { describe, expect, test } from "vitest";
import type { WeightsConfig } from "../../../infra/config/stack-config.ts";
import { emptyLock, withEntries } from "../../../infra/spec/lock/lock.ts";
import { pinWeights, wantedWeights, weightsFolder, weightsSource } from "../../../infra/spec/weights.ts";
import { sha256, stackConfig } from "../../support/stack-config.ts";
import { hydrated } from "../../support/weights-settings.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const huggingface = { kind: "huggingface", repo: "Kwai-Keye/Keye-VL" } as const;

describe("the source of weights", () => {
  test.each<{ readonly weights: WeightsConfig; readonly text: string }>([
    { weights: huggingface, text: "huggingface:Kwai-Keye/Keye-VL" },
    { weights: { kind: "modelscope", repo: "Kwai-Keye/Keye-VL" }, text: "modelscope:Kwai-Keye/Keye-VL" },
    { weights: { kind: "s3", url: "s3://models/keye", region: "cn-north-1" }, text: "s3://models/keye" },
    { weights: { kind: "http", url: "https://files.example.com/keye" }, text: "https://files.example.com/keye" },
  ])("is written $text", ({ weights, text }) => {
    expect(weightsSource(weights)).toBe(text);
  });
});

describe("the folder of a version", () => {
  test.each([
    { what: "begins a commit of git", revision: commit, folder: "0123456789ab" },
    { what: "begins the hash of a listing", revision: "ab".repeat(32), folder: "abababababab" },
    {
      what: "is the hash of source and name",
      revision: "2026-10",
      folder: sha256("s3://models/keye@2026-10").slice(0, 12),
    },
  ])("$what", ({ revision, folder }) => {
    expect(weightsFolder("s3://models/keye", revision, sha256)).toBe(folder);
  });

  test("differs between sources that name a version alike", () => {
    expect(weightsFolder("s3://a/keye", "v1", sha256)).not.toBe(weightsFolder("s3://b/keye", "v1", sha256));
  });
});

describe("pinned weights", () => {
  const lock = withEntries(emptyLock, {
    weights: {
      "huggingface:Kwai-Keye/Keye-VL@main": { commit, resolvedAt: "2026-10-01T00:00:00Z" },
      "modelscope:Kwai-Keye/Keye-VL@master": { commit, resolvedAt: "2026-10-01T00:00:00Z" },
    },
  });
  const model = { path: "/models", servedName: "keye", size: "62G" };

  test.each([
    {
      what: "Hugging Face's main branch is what the lock says",
      given: { weights: huggingface },
      folder: "0123456789ab",
    },
    {
      what: "ModelScope's main branch has another name",
      given: { weights: { kind: "modelscope", repo: "Kwai-Keye/Keye-VL" } as const },
      folder: "0123456789ab",
    },
    {
      what: "a commit in the settings needs no lock",
      given: { weights: { kind: "huggingface", repo: "other/repo" } as const, revision: "fe".repeat(20) },
      folder: "fefefefefefe",
    },
  ])("$what", ({ given, folder }) => {
    expect(pinWeights({ ...model, ...given }, lock, sha256)?.path).toBe(`/models/${folder}`);
  });

  test("a bucket's version is a name, which needs no lock", () => {
    const weights = { kind: "s3", url: "s3://models/keye" } as const;
    expect(pinWeights({ ...model, weights }, emptyLock, sha256)).toEqual({
      ...model,
      weights,
      revision: "latest",
      path: `/models/${sha256("s3://models/keye@latest").slice(0, 12)}`,
    });
  });

  test("a branch that the lock does not know is asked for by its key", () => {
    const asked = { ...model, weights: huggingface, revision: "v2" };
    expect(pinWeights(asked, lock, sha256)).toBeUndefined();
    expect(wantedWeights(asked)).toBe("huggingface:Kwai-Keye/Keye-VL@v2");
  });

  test("weights that are there already stay as they are", () => {
    expect(pinWeights({ ...model, path: "/models/keye" }, emptyLock, sha256)?.path).toBe("/models/keye");
  });
});

test("a preview without the commit says what to type", () => {
  expect(() => stackConfig(hydrated({ revision: "main" }))).toThrow(
    "CONFIG_LOCK: Pulumi.test.yaml: model.weights: huggingface:Kwai-Keye/Keye-VL-2.0-30B-A3B@main is not in keye.lock.yaml.",
  );
});
