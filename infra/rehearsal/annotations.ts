/**
 * Annotations and labels of pods that steer the rehearsal's kubelet and engine simulation. Nothing outside `infra/rehearsal/` reads
 * them: to the rest of the house they are like any other.
 */

/** How many simulated seconds pass in one real second, such as `60`. Applies to loading, not to the engine's HTTP timing. @default 1 */
export const speedAnnotation = "rehearsal.keye-stack.dev/speed";

/** Name of a scripted fault, with arguments after a colon, such as `wrong-answer` or `crash-while-loading:1`. */
export const faultAnnotation = "rehearsal.keye-stack.dev/fault";

/** Simulated seconds that the pull of the pod's images takes; one that runs `keye` is small and takes the default. @default 2 */
export const pullAnnotation = "rehearsal.keye-stack.dev/pull-seconds";

/**
 * Simulated seconds in which an engine compiles all its kernels where its cache holds none. Nothing is compiled without it: an
 * engine then starts as with a warm cache. @default 0
 */
export const compileAnnotation = "rehearsal.keye-stack.dev/compile-seconds";

/** Label of pods that hold a place on a node and are never played: they stand for pods of a cluster that was copied. */
export const placeholderLabel = "rehearsal.keye-stack.dev/placeholder";
