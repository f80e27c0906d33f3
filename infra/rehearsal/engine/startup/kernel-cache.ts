import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What DeepGEMM compiles, as folders of its cache: a few names for the hundreds of a real one. */
export const kernelNames: readonly string[] = Array.from({ length: 16 }, (_, index) => `kernel.keye.${index}`);

/** Variables that name the folder of compiled kernels, the one that counts first. */
const folderVariables = ["SGLANG_DG_CACHE_DIR", "DG_JIT_CACHE_DIR"];

/**
 * The folder on this machine that stands for DeepGEMM's cache. Undefined where none is mounted: what is compiled goes with
 * the container.
 */
export function kernelFolder(
  env: Readonly<Record<string, string>>,
  onDisk: (path: string) => string | undefined,
): string | undefined {
  const path = folderVariables.map((name) => env[name]).find((value) => value !== undefined && value !== "");
  const folder = path === undefined ? undefined : onDisk(path);
  return folder === undefined ? undefined : join(folder, "cache");
}

/** The kernels that a start has to compile. */
export function missingKernels(folder: string | undefined): readonly string[] {
  if (folder === undefined || !existsSync(folder)) return kernelNames;
  const there = new Set(readdirSync(folder));
  return kernelNames.filter((name) => !there.has(name));
}

/** Keeps one kernel. It appears at once, as DeepGEMM moves it into place. */
export function keepKernel(folder: string, name: string): void {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "kernel.cubin"), "rehearsal: stands in for a compiled kernel\n");
}
