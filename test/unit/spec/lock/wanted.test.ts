import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../../infra/config/parse.ts";
import type { StackConfig } from "../../../../infra/config/stack-config.ts";
import { emptyLock } from "../../../../infra/spec/lock/lock.ts";
import { type Found, mergeFound } from "../../../../infra/spec/lock/merge.ts";
import { isLocked, wantedOf } from "../../../../infra/spec/lock/wanted.ts";
import { commitOf, digestOf, fullLock } from "../../../support/locks.ts";

function settings(value: Readonly<Record<string, unknown>>): StackConfig {
  const parsed = parseConfig(value);
  if (parsed.kind === "problems") throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

const image = { digest: digestOf("a") };
const repo = "Kwai-Keye/Keye-VL-2.0-30B-A3B";

function weighted(weights: object, revision?: string): StackConfig {
  const volume = { kind: "pvc", claim: "weights", mountPath: "/models" };
  const toolsImage = `keye/tools@${digestOf("b")}`;
  const model = { path: "/models/keye", volume, weights, ...(revision === undefined ? {} : { revision }) };
  return settings({ image, toolsImage, model });
}

describe("what the lock must know", () => {
  test.each([
    { what: "nothing with a digest", config: settings({ image }), keys: [] },
    { what: "the tag", config: settings({}), keys: ["image.tag kwaikeye/kwai-keye-vl:keye_vl_v2_30b_a3b"] },
    {
      what: "all that a source build begins with",
      config: settings({ image: { kind: "source", repository: "keye/engine" } }),
      keys: [
        "image.base nvidia/cuda:12.9.1-cudnn-devel-ubuntu24.04",
        "image.build.builderImage moby/buildkit:v0.34.2-rootless",
        "image.sources.sglang.branch https://github.com/Kwai-Keye/sglang.git#keye-vl-v2-30b-release",
        "image.sources.deepGemm.branch https://github.com/Kwai-Keye/DeepGEMM.git#keye_support",
        "image.sources.effectiveKernels.branch https://github.com/Kwai-Keye/EffectiveKernels.git#HEAD",
      ],
    },
    {
      what: "no image that is named by its digest",
      config: settings({
        image: {
          kind: "source",
          repository: "keye/engine",
          base: `nvidia/cuda:12@${digestOf("b")}`,
          build: { builderImage: `moby/buildkit@${digestOf("c")}` },
        },
      }),
      keys: [
        "image.sources.sglang.branch https://github.com/Kwai-Keye/sglang.git#keye-vl-v2-30b-release",
        "image.sources.deepGemm.branch https://github.com/Kwai-Keye/DeepGEMM.git#keye_support",
        "image.sources.effectiveKernels.branch https://github.com/Kwai-Keye/EffectiveKernels.git#HEAD",
      ],
    },
    {
      what: "the main branch of a hub",
      config: weighted({ kind: "modelscope", repo }),
      keys: [`model.weights modelscope:${repo}@master`],
    },
    {
      what: "the branch of a hub",
      config: weighted({ kind: "huggingface", repo }, "next"),
      keys: [`model.weights huggingface:${repo}@next`],
    },
    { what: "no commit of a hub", config: weighted({ kind: "huggingface", repo }, commitOf("4")), keys: [] },
    { what: "nothing of a bucket", config: weighted({ kind: "s3", url: "s3://weights/keye" }), keys: [] },
  ])("is $what", ({ config, keys }) => {
    expect(wantedOf(config).map(({ setting, key }) => `${setting} ${key}`)).toEqual(keys);
  });

  test("is asked at the mirror of a hub, and looked for at the mirror of a registry", () => {
    const endpoint = "https://hub.example.com";
    const mirror = "registry.example.com/keye";
    expect(wantedOf(weighted({ kind: "huggingface", repo, endpoint }))).toMatchObject([{ endpoint, revision: "main" }]);
    expect(wantedOf(settings({ image: { mirror } }))).toMatchObject([{ mirror, repository: "kwaikeye/kwai-keye-vl" }]);
  });

  test("is told apart from what it knows", () => {
    const wanted = wantedOf(settings({}));
    expect(wanted.map((one) => isLocked(one, fullLock))).toEqual([true]);
    expect(wanted.map((one) => isLocked(one, emptyLock))).toEqual([false]);
  });
});

describe("what was looked up", () => {
  const key = "kwaikeye/kwai-keye-vl:keye_vl_v2_30b_a3b";
  const known = { digest: digestOf("a"), bytes: 20_000_000_000 };
  const resolvedAt = "2026-03-01T00:00:00Z";

  test("changes nothing where it is as it was, its moment included", () => {
    const same: Found = { section: "images", key, entry: { ...known, resolvedAt } };
    expect(mergeFound(fullLock, [same])).toBe(fullLock);
  });

  test.each<{ readonly what: string; readonly found: Found }>([
    { what: "a moved tag", found: { section: "images", key, entry: { ...known, digest: digestOf("f"), resolvedAt } } },
    { what: "a size", found: { section: "images", key, entry: { ...known, bytes: 1, resolvedAt } } },
    { what: "a branch", found: { section: "sources", key: "a.git#b", entry: { commit: commitOf("7"), resolvedAt } } },
    {
      what: "weights",
      found: { section: "weights", key: "huggingface:a/b@c", entry: { commit: commitOf("8"), resolvedAt } },
    },
  ])("$what is taken, and the rest is kept", ({ found }) => {
    const { section } = found;
    const merged = mergeFound(fullLock, [found]);
    expect(merged).toEqual({ ...fullLock, [section]: { ...fullLock[section], [found.key]: found.entry } });
  });
});
