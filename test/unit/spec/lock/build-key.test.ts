import { expect, test } from "vitest";
import { buildKey, buildTag, type PinnedSources } from "../../../../infra/spec/lock/build-key.ts";
import { commitOf, digestOf } from "../../../support/locks.ts";
import { sha256 } from "../../../support/stack-config.ts";

const pinned: PinnedSources = {
  base: `nvidia/cuda@${digestOf("b")}`,
  sources: {
    sglang: { url: "https://git.example.com/sglang.git", commit: commitOf("1") },
    deepGemm: { url: "https://git.example.com/DeepGEMM.git", commit: commitOf("2") },
    effectiveKernels: { url: "https://git.example.com/EffectiveKernels.git", commit: commitOf("3") },
  },
};
const { sglang } = pinned.sources;
const key = buildKey(pinned, "FROM base", sha256);

test("the key is 10 hex digits, and the tag is made from it", () => {
  expect(key).toMatch(/^[0-9a-f]{10}$/);
  expect(buildTag(key)).toBe(`build-${key}`);
});

test("the order of fields is no reason for another key", () => {
  const { sources, base } = pinned;
  const { effectiveKernels, deepGemm } = sources;
  expect(buildKey({ sources: { effectiveKernels, sglang, deepGemm }, base }, "FROM base", sha256)).toBe(key);
});

test.each([
  { what: "another base", next: { ...pinned, base: `nvidia/cuda@${digestOf("c")}` }, dockerfile: "FROM base" },
  {
    what: "another commit",
    next: { ...pinned, sources: { ...pinned.sources, sglang: { ...sglang, commit: commitOf("4") } } },
    dockerfile: "FROM base",
  },
  {
    what: "another repository",
    next: { ...pinned, sources: { ...pinned.sources, sglang: { ...sglang, url: "https://git.example.com/b.git" } } },
    dockerfile: "FROM base",
  },
  { what: "another way of building", next: pinned, dockerfile: "FROM base\nRUN true" },
])("$what gives another key", ({ next, dockerfile }) => {
  expect(buildKey(next, dockerfile, sha256)).not.toBe(key);
});
