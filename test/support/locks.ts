import { emptyLock, type Lock } from "../../infra/spec/lock/lock.ts";

const resolvedAt = "2026-01-31T12:00:00Z";

/** A digest that is one hex digit over and over. */
export function digestOf(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

/** A commit that is one hex digit over and over. */
export function commitOf(digit: string): string {
  return digit.repeat(40);
}

const keye = "https://github.com/Kwai-Keye";

/** What the default settings ask for, prebuilt and built from source alike, resolved. */
export const fullLock: Lock = {
  ...emptyLock,
  images: {
    "kwaikeye/kwai-keye-vl:keye_vl_v2_30b_a3b": { digest: digestOf("a"), bytes: 20_000_000_000, resolvedAt },
    "nvidia/cuda:12.9.1-cudnn-devel-ubuntu24.04": { digest: digestOf("b"), bytes: 5_000_000_000, resolvedAt },
    "moby/buildkit:v0.34.2-rootless": { digest: digestOf("c"), bytes: 100_000_000, resolvedAt },
  },
  sources: {
    [`${keye}/sglang.git#keye-vl-v2-30b-release`]: { commit: commitOf("1"), resolvedAt },
    [`${keye}/DeepGEMM.git#keye_support`]: { commit: commitOf("2"), resolvedAt },
    [`${keye}/EffectiveKernels.git#HEAD`]: { commit: commitOf("3"), resolvedAt },
  },
};
