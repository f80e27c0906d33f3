import { describe, expect, test } from "vitest";
import { type BuildEnd, buildFault } from "../../../../infra/spec/build/build-fault.ts";
import { buildPlan } from "../../../support/build-plan.ts";

const plan = buildPlan();
const { target } = plan;

/** Headings as BuildKit v0.34.2 writes them. */
const heading = {
  sglang: `#9 [image 4/8] RUN --mount=type=cache,target=/root/.cache/pip <<"END" (# 1 of 3: SGLang...)`,
  deepGemm: `#10 [image 5/8] RUN --mount=type=cache,target=/root/.cache/pip <<"END" (# 2 of 3: DeepGEMM, over the one that SGLang brought...)`,
  preflight: `#13 [image 8/8] RUN <<"END" (# Preflight: the imports, and whose deep_gemm it is...)`,
  export: "#14 exporting to image",
};
const inDeepGemm = 'step "2 of 3: DeepGEMM, over the one that SGLang brought"';
const exit = (code: number) => `error: failed to solve: the step did not complete successfully: exit code: ${code}`;
const base = `nvidia/cuda@sha256:${"0".repeat(64)}`;

function ended(...lines: readonly string[]): BuildEnd {
  return {
    reason: "PodFailurePolicy",
    message: "Container supply for pod keye/keye-build failed with exit code 1",
    ended: { reason: "Error" },
    podReason: "",
    lastWords: lines.join("\n"),
  };
}

describe("last words that BuildKit v0.34.2 left", () => {
  test.each([
    {
      kind: "clone",
      words: [
        heading.deepGemm,
        "#10 0.209 fatal: remote error: access denied or repository not exported: /Nope.git",
        "#10 0.214 keye: cannot clone git://127.77.0.2/Nope.git",
        exit(65),
      ],
      what: `Cannot clone git://127.77.0.2/Nope.git (${inDeepGemm}).`,
    },
    {
      kind: "clone",
      words: [
        heading.deepGemm,
        "#10 1.2 fatal: clone of 'https://example.com/cutlass.git' into submodule path '/opt/keye/src/deepGemm/third-party/cutlass' failed",
        exit(1),
      ],
      what: `Clone of 'https://example.com/cutlass.git' into submodule path '/opt/keye/src/deepGemm/third-party/cutlass' failed (${inDeepGemm}).`,
    },
    {
      kind: "commit-gone",
      words: [
        heading.sglang,
        `#9 0.345 fatal: remote error: upload-pack: not our ref ${"1".repeat(40)}`,
        `#9 0.345 keye: no such commit any more: ${"1".repeat(40)} in git://127.77.0.2/sglang.git`,
        exit(66),
      ],
      what: `No such commit any more: ${"1".repeat(40)} in git://127.77.0.2/sglang.git (step "1 of 3: SGLang").`,
    },
    {
      kind: "step",
      words: [heading.deepGemm, "#10 0.629 csrc/python_api.cpp:12: error: nvcc died", exit(3)],
      what: 'Step "2 of 3: DeepGEMM, over the one that SGLang brought" failed with exit code 3.',
    },
    {
      kind: "preflight",
      words: [
        heading.preflight,
        "#13 0.176 keye: preflight: deep_gemm has no fp8_mqa_logits",
        "#13 0.176 keye: preflight: deep_gemm is not the fork's: /a/__init__.py differs from /b/__init__.py",
        exit(1),
      ],
      what: 'Preflight: deep_gemm has no fp8_mqa_logits (step "Preflight: the imports, and whose deep_gemm it is").',
    },
    {
      kind: "out-of-memory",
      words: [heading.deepGemm, "#10 0.391 nvcc error   : cicc died due to signal 9 (Kill signal)", exit(1)],
      what: `The build ran out of memory in ${inDeepGemm}: 64Gi for 7 compilers at once.`,
    },
    {
      kind: "out-of-memory",
      words: [heading.sglang, "#9 8.2 g++: fatal error: Killed signal terminated program cc1plus", exit(1)],
      what: 'The build ran out of memory in step "1 of 3: SGLang": 64Gi for 7 compilers at once.',
    },
    {
      kind: "no-space",
      words: [
        heading.sglang,
        "error: failed to solve: ResourceExhausted: failed to compute cache key: mount callback failed on /tmp/containerd-mount3110779537: write /tmp/containerd-mount3110779537/usr/lib/x: no space left on device",
      ],
      what: 'The disk is full in step "1 of 3: SGLang".',
    },
    {
      kind: "base-gone",
      words: [
        `#2 [internal] load metadata for ${base}`,
        `error: failed to solve: ${base}: failed to resolve source metadata for ${base}: ${base}: not found`,
      ],
      what: "The registry no longer has the base image of the lock.",
    },
    {
      kind: "push-refused",
      words: [
        heading.export,
        `error: failed to solve: failed to push ${target}: unexpected status from HEAD request to https://registry.example.com/v2/keye/engine/blobs/sha256:f1: 401 Unauthorized`,
      ],
      what: `The registry refused the push of ${target}.`,
    },
    {
      kind: "push-refused",
      words: [heading.export, `error: failed to solve: failed to push ${target}: denied`],
      what: `The registry refused the push of ${target}.`,
    },
    {
      kind: "push-refused",
      words: [
        heading.export,
        "error: failed to solve: failed to fetch anonymous token: unexpected status from GET request to https://registry.example.com/token?scope=x: 401 Unauthorized",
      ],
      what: `The registry refused the push of ${target}.`,
    },
    {
      kind: "registry",
      words: [
        heading.export,
        `error: failed to solve: failed to push ${target}: failed to do request: Head "https://registry.example.com/v2/": dial tcp 10.0.0.1:443: connect: connection refused`,
      ],
      what: `A registry could not be reached, or failed: failed to push ${target}: failed to do request: Head "https://registry.example.com/v2/": dial tcp 10.0.0.1:443: connect: connection refused.`,
    },
    {
      kind: "builder",
      words: [
        "could not connect to unix:///run/user/1000/buildkit/buildkitd.sock after 50 trials",
        "========== log ==========",
        "[rootlesskit:parent] error: failed to setup UID/GID map: newuidmap 13 [0 1000 1 1 100000 65536] failed: newuidmap: write to uid_map failed: Operation not permitted",
      ],
      what: "The builder could not start on this node.",
    },
  ])("$kind: $what", ({ kind, words, what }) => {
    expect(buildFault(ended(...words), plan)).toMatchObject({ kind, what });
  });
});

describe("what the cluster says", () => {
  test.each([
    {
      what: "a deadline is told whatever the log says",
      end: { ...ended(heading.sglang, exit(1)), reason: "DeadlineExceeded" },
      fault: { kind: "deadline", what: "It was not done in 10800 s." },
    },
    {
      what: "the kernel killed the whole container",
      end: { ...ended(), ended: { reason: "OOMKilled" } },
      fault: {
        kind: "out-of-memory",
        what: "The build ran out of memory: 64Gi for 7 compilers at once.",
      },
    },
    {
      what: "the kubelet evicted the pod because of its own disk",
      end: { ...ended(), podReason: 'Evicted: Usage of EmptyDir volume "state" exceeds the limit "200Gi".' },
      fault: {
        kind: "no-space",
        what: 'The disk is full: Evicted: Usage of EmptyDir volume "state" exceeds the limit "200Gi".',
      },
    },
    {
      what: "the kubelet evicted the pod for another reason",
      end: { ...ended(), podReason: "Evicted: The node was low on resource: memory." },
      fault: {
        kind: "stopped",
        what: "Its pod was ended from outside: Evicted: The node was low on resource: memory.",
      },
    },
    {
      what: "a pod without last words was ended by somebody",
      end: ended(),
      fault: {
        kind: "stopped",
        what: "Its pod was ended from outside: Container supply for pod keye/keye-build failed with exit code 1.",
      },
    },
  ])("$what", ({ end, fault }) => {
    expect(buildFault(end, plan)).toMatchObject(fault);
  });
});

test("a claim that another build holds is named", () => {
  const words = [
    "could not connect to unix:///run/user/1000/buildkit/buildkitd.sock after 50 trials",
    "========== log ==========",
    "buildkitd: could not lock /home/user/.local/share/buildkit/buildkitd.lock, another instance running?",
    "[rootlesskit:child ] error: command [buildkitd] exited: exit status 1",
  ];
  expect(buildFault(ended(...words), buildPlan({ cacheClaim: "cache" }))).toMatchObject({
    kind: "cache-in-use",
    what: "Another build holds the claim cache.",
  });
});

test.each([
  { setting: "pushSecret", build: {}, cure: /Name a Secret of type kubernetes\.io\/dockerconfigjson/ },
  { setting: "pushSecret", build: { pushSecret: "push" }, cure: /the Secret push holds a login/ },
])("the cure of a refused push looks at $setting: $build", ({ build, cure }) => {
  expect(buildFault(ended(`error: failed to solve: failed to push ${target}: denied`), buildPlan(build)).cure).toMatch(
    cure,
  );
});

test.each([
  { build: {}, cure: "Raise image.build.ephemeralStorage." },
  {
    build: { cacheClaim: "cache" },
    cure: "Make the claim cache larger or empty it, or raise image.build.ephemeralStorage.",
  },
])("the cure of a full disk looks at the claim: $build", ({ build, cure }) => {
  expect(buildFault(ended("write: no space left on device"), buildPlan(build)).cure).toBe(cure);
});
