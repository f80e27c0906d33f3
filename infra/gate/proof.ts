import type { Pod } from "../status/objects.ts";
import { lifeOf } from "../status/pod-facts.ts";
import type { ProbeReport } from "./measurement.ts";

/** A pod that has been measured, and what came of it. */
export interface ProvenPod {
  readonly name: string;
  readonly uid: string;
  /** UID and restarts: the proof holds for this life only. */
  readonly life: string;
  readonly node: string | null;
  readonly imageId: string | null;
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly reason: string;
  readonly reports: readonly ProbeReport[];
}

/** Pods that have all passed, as one set. */
export type Proof = readonly ProvenPod[];

/** Whether exactly these pods, in the lives that were proven, are there now. Says what differs where not. */
export function proofGap(proof: Proof, pods: readonly Pod[]): string | undefined {
  const lives = new Set(pods.map(lifeOf));
  const proven = new Set(proof.map(({ life }) => life));
  const gone = proof.filter(({ life }) => !lives.has(life));
  const unproven = pods.filter((pod) => !proven.has(lifeOf(pod)));
  if (gone.length === 0 && unproven.length === 0) return undefined;
  const restarted = unproven.filter((pod) => gone.some(({ uid }) => uid === pod.metadata.uid));
  const parts = [
    ...restarted.map((pod) => `${pod.metadata.name} restarted`),
    ...unproven.filter((pod) => !restarted.includes(pod)).map((pod) => `${pod.metadata.name} is new`),
    ...gone
      .filter(({ uid }) => !restarted.some((pod) => pod.metadata.uid === uid))
      .map(({ name }) => `${name} is gone`),
  ];
  return parts.join(", ");
}
