import { parseConfig, problemsText } from "../../infra/config/parse.ts";
import type { StackConfig } from "../../infra/config/stack-config.ts";
import { type BuildPlan, planBuild } from "../../infra/spec/build/build-plan.ts";
import { emptyLock, type Lock, withEntries } from "../../infra/spec/lock/lock.ts";
import { sha256, testDigest } from "./stack-config.ts";

const resolvedAt = "2026-11-24T10:00:00Z";
const github = "https://github.com/Kwai-Keye";

/** Settings of a stack whose image is built from the authors' repositories, with `build` as `image.build`. */
export function sourceConfig(build: Readonly<Record<string, unknown>> = {}): StackConfig {
  const repository = "registry.example.com/keye/engine";
  const parsed = parseConfig({ image: { kind: "source", repository, build } });
  if (parsed.kind === "problems") throw new Error(problemsText(parsed.problems));
  return parsed.config;
}

/** A lock that knows all that {@link sourceConfig} asks for: commits `111…`, `222…` and `333…`. */
export const sourceLock: Lock = withEntries(emptyLock, {
  images: {
    "nvidia/cuda:12.9.1-cudnn-devel-ubuntu24.04": { digest: `sha256:${"ba5e".repeat(16)}`, resolvedAt },
    "moby/buildkit:v0.34.2-rootless": { digest: testDigest, resolvedAt },
  },
  sources: {
    [`${github}/sglang.git#keye-vl-v2-30b-release`]: { commit: "1".repeat(40), resolvedAt },
    [`${github}/DeepGEMM.git#keye_support`]: { commit: "2".repeat(40), resolvedAt },
    [`${github}/EffectiveKernels.git#HEAD`]: { commit: "3".repeat(40), resolvedAt },
  },
});

/** The build of {@link sourceConfig} at {@link sourceLock}. */
export function buildPlan(build: Readonly<Record<string, unknown>> = {}): BuildPlan {
  return planBuild(sourceConfig(build), sourceLock, { where: "Pulumi.test.yaml", sha256 });
}

/** What the pod of a build that went well says last. */
export function goodLastWords(plan: BuildPlan, digest = `sha256:${"d1".repeat(32)}`): string {
  const { sglang, deepGemm, effectiveKernels } = plan.sources.sources;
  const sources = { sglang: sglang.commit, deepGemm: deepGemm.commit, effectiveKernels: effectiveKernels.commit };
  const versions = { sglang: "0.5.9", torch: "2.9.1", deep_gemm: "2.1.0+2222222" };
  return JSON.stringify({ digest, provenance: { sources, versions, needsGpu: ["torchcodec"] } });
}
