import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../infra/config/parse.ts";
import type { StackConfig } from "../../../infra/config/stack-config.ts";
import { emptyLock, type Lock } from "../../../infra/spec/lock/lock.ts";
import { pinStack } from "../../../infra/spec/pinned-stack.ts";
import { digestOf, fullLock } from "../../support/locks.ts";
import { sha256 } from "../../support/stack-config.ts";

const where = "Pulumi.prod.yaml";

function settings(image: Readonly<Record<string, unknown>>): StackConfig {
  const parsed = parseConfig({ image });
  if (parsed.kind === "problems") throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

function pinnedImage(image: Readonly<Record<string, unknown>>, lock: Lock) {
  return pinStack(settings(image), lock, { where, sha256 }).image;
}

const pulled = { kind: "prebuilt", pullPolicy: "IfNotPresent", pullSecrets: [] };
const authors = { ...pulled, repository: "kwaikeye/kwai-keye-vl", tag: "keye_vl_v2_30b_a3b" };

describe("a prebuilt image", () => {
  test.each([
    {
      what: "without a digest it has that of the lock, and its size",
      image: {},
      lock: fullLock,
      pinned: { ...authors, digest: digestOf("a"), bytes: 20_000_000_000 },
    },
    {
      what: "with a digest it needs no lock",
      image: { digest: digestOf("f") },
      lock: emptyLock,
      pinned: { ...authors, digest: digestOf("f") },
    },
    {
      what: "with a digest it keeps that against the lock, whose size is of another image",
      image: { digest: digestOf("f") },
      lock: fullLock,
      pinned: { ...authors, digest: digestOf("f") },
    },
    {
      what: "with the digest of the lock it has its size",
      image: { digest: digestOf("a") },
      lock: fullLock,
      pinned: { ...authors, digest: digestOf("a"), bytes: 20_000_000_000 },
    },
    {
      what: "with a mirror it is pulled from there, by the digest of the repository",
      image: { mirror: "registry.example.com/mirror/keye" },
      lock: fullLock,
      pinned: {
        ...authors,
        repository: "registry.example.com/mirror/keye",
        digest: digestOf("a"),
        bytes: 20_000_000_000,
      },
    },
  ])("$what", ({ image, lock, pinned }) => {
    expect(pinnedImage(image, lock)).toEqual(pinned);
  });

  test("that the lock does not know is refused with the setting and the command", () => {
    const other = { ...fullLock, images: { toString: { digest: digestOf("a"), resolvedAt: "2026-01-31T12:00:00Z" } } };
    expect(() => pinnedImage({ tag: "next" }, other)).toThrow(
      expect.objectContaining({
        code: "CONFIG_LOCK",
        message:
          "CONFIG_LOCK: Pulumi.prod.yaml: image.tag: kwaikeye/kwai-keye-vl:next is not in keye.lock.yaml. Run keye lock --stack-file Pulumi.prod.yaml, and commit keye.lock.yaml.",
      }),
    );
  });
});

describe("an image that is built from source", () => {
  const repository = "registry.example.com/keye/engine";
  const source = { kind: "source", repository, pullSecrets: ["registry"] };
  const keyOfMissing = (lock: Lock) => {
    try {
      pinnedImage(source, lock);
    } catch (error) {
      return /build ([0-9a-f]{10}) /.exec(String(error))?.[1] ?? "";
    }
    throw new Error("nothing was missing");
  };
  const key = keyOfMissing(fullLock);
  const build = {
    repository,
    digest: digestOf("d"),
    bytes: 21_000_000_000,
    builtAt: "2026-01-31T12:00:00Z",
    provenance: { base: "", sources: {}, versions: {} },
  };

  test("is pulled by the digest that its build gave, under the tag of what was built", () => {
    expect(pinnedImage(source, { ...fullLock, builds: { [key]: build } })).toEqual({
      ...pulled,
      pullSecrets: ["registry"],
      repository,
      tag: `build-${key}`,
      digest: digestOf("d"),
      bytes: 21_000_000_000,
    });
  });

  test("that was not built yet is refused with the command", () => {
    expect(() => pinnedImage(source, fullLock)).toThrow(
      `CONFIG_LOCK: Pulumi.prod.yaml: image: build ${key} is not in keye.lock.yaml. Run keye build --stack-file Pulumi.prod.yaml, and commit keye.lock.yaml.`,
    );
  });

  test("that was pushed elsewhere must be built again", () => {
    const elsewhere = { ...build, repository: "registry.example.com/other/engine" };
    expect(keyOfMissing({ ...fullLock, builds: { [key]: elsewhere } })).toBe(key);
  });

  test("whose parts the lock does not know is refused with all of them", () => {
    expect(() => pinnedImage(source, { ...fullLock, sources: {}, images: {} })).toThrow(
      [
        "CONFIG_LOCK: Pulumi.prod.yaml: image.base: nvidia/cuda:12.9.1-cudnn-devel-ubuntu24.04 is not in keye.lock.yaml",
        "image.build.builderImage: moby/buildkit:v0.34.2-rootless is not in keye.lock.yaml",
        "image.sources.sglang.branch: https://github.com/Kwai-Keye/sglang.git#keye-vl-v2-30b-release is not in keye.lock.yaml",
        "image.sources.deepGemm.branch: https://github.com/Kwai-Keye/DeepGEMM.git#keye_support is not in keye.lock.yaml",
        "image.sources.effectiveKernels.branch: https://github.com/Kwai-Keye/EffectiveKernels.git#HEAD is not in keye.lock.yaml. Run keye lock --stack-file Pulumi.prod.yaml, and commit keye.lock.yaml.",
      ].join("; "),
    );
  });

  test("needs a base that is pinned by its own digest in no lock", () => {
    const { images: _, ...rest } = fullLock;
    const pinnedBase = { ...source, base: `nvidia/cuda@${digestOf("b")}` };
    expect(() => pinnedImage(pinnedBase, { ...rest, images: {} })).toThrow("keye build --stack-file");
  });
});

test("weights of a hub are told to be lacking together with the image", () => {
  const parsed = parseConfig({
    toolsImage: `keye/tools@${digestOf("b")}`,
    model: {
      path: "/models/keye",
      volume: { kind: "pvc", claim: "weights", mountPath: "/models" },
      weights: { kind: "huggingface", repo: "Kwai-Keye/Keye-VL-2.0-30B-A3B" },
    },
  });
  if (parsed.kind === "problems") throw new Error(JSON.stringify(parsed.problems));
  expect(() => pinStack(parsed.config, emptyLock, { where, sha256 })).toThrow(
    "CONFIG_LOCK: Pulumi.prod.yaml: image.tag: kwaikeye/kwai-keye-vl:keye_vl_v2_30b_a3b is not in keye.lock.yaml; model.weights: huggingface:Kwai-Keye/Keye-VL-2.0-30B-A3B@main is not in keye.lock.yaml. Run keye lock",
  );
});
