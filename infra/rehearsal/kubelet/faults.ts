import type { Milliseconds, Seconds } from "../../core/units.ts";
import { compileAnnotation, faultAnnotation, pullAnnotation, speedAnnotation } from "../annotations.ts";
import type { KubePod } from "./pod-types.ts";

/** Faults that the kubelet simulation plays itself. Every other name is the engine's. */
const kubeletFaults = [
  "image-not-found",
  "image-unauthorized",
  "oom-killed",
  "mount-failed",
  "evicted",
  "kubelet-gone",
] as const;

/** What pulling a small image takes. */
export const usualPullSeconds: Seconds = 2;

/** What the annotations of a pod ask of the simulation. */
export interface Script {
  /** Simulated seconds in one real second. */
  readonly speed: number;
  readonly pullSeconds: Seconds;
  readonly compileSeconds: Seconds;
  /** The fault that the kubelet plays, and the simulated seconds after which it strikes. */
  readonly kubeletFault?: { readonly name: (typeof kubeletFaults)[number]; readonly afterSeconds: Seconds };
  /** The fault that is handed to the engine, as written. */
  readonly engineFault?: string;
}

export function scriptOf(pod: KubePod): Script {
  const annotations = pod.metadata.annotations ?? {};
  const fault = annotations[faultAnnotation];
  const [name, seconds] = fault?.split(":") ?? [];
  const own = kubeletFaults.find((known) => known === name);
  return {
    speed: positive(annotations[speedAnnotation], 1),
    pullSeconds: positive(annotations[pullAnnotation], usualPullSeconds),
    compileSeconds: positive(annotations[compileAnnotation], 0),
    ...(own === undefined ? {} : { kubeletFault: { name: own, afterSeconds: positive(seconds, 5) } }),
    ...(fault === undefined || own !== undefined ? {} : { engineFault: fault }),
  };
}

/** Real time of a simulated wait. */
export function simulated(script: Script, seconds: Seconds): Milliseconds {
  return (seconds * 1000) / script.speed;
}

function positive(text: string | undefined, fallback: number): number {
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) && value > 0 ? value : fallback;
}
