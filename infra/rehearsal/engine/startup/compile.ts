import { kernelNames } from "./kernel-cache.ts";
import type { PlannedLine, Step } from "./plan.ts";

/** Shapes that SGLang's warm-up of DeepGEMM counts in its bar. */
const shapes = 16_384;

/** What one start compiles. */
export interface Compilation {
  /** Simulated seconds for all kernels, with nothing in the cache. */
  readonly seconds: number;
  /** Those that are not in the cache. */
  readonly missing: readonly string[];
  /** Where the cache is on this machine; absent where none is mounted. */
  readonly folder?: string;
}

/**
 * Compiling what the cache lacks, one kernel after another: each is kept as soon as it is there, so that a start which is
 * killed leaves less to the next one. Nothing is logged where nothing lacks.
 *
 * @see sglang keye-vl-v2-30b-release, srt/layers/deep_gemm_wrapper/compile_utils.py
 */
export function compileSteps(
  { seconds, missing }: Compilation,
  firstRank: (text: string) => PlannedLine,
): readonly Step[] {
  if (seconds === 0 || missing.length === 0) return [];
  const each = seconds / kernelNames.length;
  const begin = {
    after: 0,
    lines: [
      firstRank(
        "Entering DeepGEMM JIT Pre-Compile session. It may take a long time (typically 10-20 mins) if you have not run `sglang.compile_deep_gemm`.",
      ),
    ],
  };
  const compiled = missing.map((kernel, index) => {
    const done = Math.round((shapes * (index + 1)) / missing.length);
    const percent = String(Math.floor((100 * done) / shapes)).padStart(3);
    const bar = "█".repeat(Math.floor((10 * done) / shapes)).padEnd(10);
    const text = `DeepGEMM warmup: ${percent}%|${bar}| ${done}/${shapes}`;
    return { after: each, lines: [{ text, isRaw: true } as const], kernel };
  });
  return [begin, ...compiled];
}
