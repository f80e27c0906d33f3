import type { Seconds } from "./units.ts";

/**
 * The phases from nothing to proven, in order: `schedule` until a node is found, `pull` of the image, `hydrate` of the
 * weights onto their volume, `load` of the weights into the GPUs, `jit` of kernels, `graphs` for CUDA graphs, `warm-up` until
 * the engine says that it is ready, `probe` until it has been proven.
 */
export const clockPhases = ["schedule", "pull", "hydrate", "load", "jit", "graphs", "warm-up", "probe"] as const;

/** One of {@link clockPhases}. */
export type ClockPhase = (typeof clockPhases)[number];

/** How long each phase may take before it counts as late. */
export type PhaseBudgets = Readonly<Record<ClockPhase, Seconds>>;
