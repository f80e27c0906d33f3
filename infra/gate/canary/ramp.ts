import { rampLabel } from "../../core/names.ts";
import { rampName, type Traffic } from "../../core/traffic.ts";
import type { Pod } from "../../status/objects.ts";
import { isReady, lifeOf } from "../../status/pod-facts.ts";
import { deploymentOf, podsOf } from "../app-view.ts";
import type { Observation } from "../ports.ts";
import type { Proof, ProvenPod } from "../proof.ts";

/** What a ramp is made of. */
export interface RampParts {
  /** The revision that goes. */
  readonly from: string;
  /** The revision that comes. */
  readonly to: string;
  /** Replicas that `from` had before it made room. */
  readonly oldReplicas: number;
  /** Replicas that `to` shall have. */
  readonly newReplicas: number;
}

/**
 * A canary under way: which pods may serve, and what the run knows of them that the cluster does not tell. Who serves is
 * on the pods, as a label; that this is the ramp's traffic is in the live Service's selector.
 */
export class Ramp {
  readonly from: string;
  readonly to: string;
  readonly oldReplicas: number;
  /** Whether pods of `from` that become ready may serve as they are: they have proven it, until they are to go. */
  admitsOld = true;
  readonly #newReplicas: number;
  readonly #proven = new Map<string, ProvenPod>();
  readonly #trusted = new Set<string>();
  readonly #out = new Set<string>();
  readonly #old = new Set<string>();
  readonly #wrong = new Set<string>();

  constructor({ from, to, oldReplicas, newReplicas }: RampParts) {
    this.from = from;
    this.to = to;
    this.oldReplicas = oldReplicas;
    this.#newReplicas = newReplicas;
  }

  get traffic(): Traffic {
    return { kind: "ramp", from: this.from, to: this.to };
  }

  /** Value of the label on pods that serve. */
  get label(): string {
    return rampName(this);
  }

  /**
   * Pods that must serve at the least after one has been taken out: one fewer than the smaller of both revisions, and
   * never none. Where an autoscaler has made `from` larger, what is above the new size goes at the end, one by one.
   */
  get floor(): number {
    return Math.max(1, Math.min(this.oldReplicas, this.#newReplicas) - 1);
  }

  /** Takes in pods that have passed: they may serve in the lives in which they were asked. */
  prove(proof: Proof): void {
    for (const pod of proof) this.#proven.set(pod.life, pod);
  }

  /** Lets pods serve in their present lives for what an earlier run, or their age, says of them. */
  trust(pods: readonly Pod[]): void {
    for (const pod of pods) this.#trusted.add(lifeOf(pod));
  }

  /** What this run knows of these pods; undefined where one has not passed in its present life. */
  proofOf(pods: readonly Pod[]): Proof | undefined {
    const found = pods.map((pod) => this.#proven.get(lifeOf(pod)));
    return found.every((pod) => pod !== undefined) ? found : undefined;
  }

  /** Notes pods that turned out wrong: they go as soon as somebody else serves. */
  noteWrong(pods: readonly ProvenPod[]): void {
    for (const { life } of pods) this.#wrong.add(life);
  }

  /** Takes back what was known of wrong pods, unless clients reach nobody else. */
  rejectWrong(observation: Observation): void {
    const serving = this.servingOf(observation);
    if (serving.length > 0 && serving.every((pod) => this.#wrong.has(lifeOf(pod)))) return;
    for (const life of this.#wrong) {
      this.#proven.delete(life);
      this.#trusted.delete(life);
    }
  }

  mayServe(pod: Pod): boolean {
    const life = lifeOf(pod);
    return !this.isOut(pod) && (this.#proven.has(life) || this.#trusted.has(life));
  }

  /** From when a pod is asked to leave, nobody lets it in again. */
  noteOut(pod: Pod): void {
    if (this.isLabelled(pod)) this.#old.add(lifeOf(pod));
    this.#out.add(pod.metadata.uid ?? "");
  }

  /** Whether this run has taken a pod out that served. */
  isOld(pod: Pod): boolean {
    return this.#old.has(lifeOf(pod));
  }

  noteBack(pod: Pod): void {
    this.#out.delete(pod.metadata.uid ?? "");
  }

  isOut(pod: Pod): boolean {
    return this.#out.has(pod.metadata.uid ?? "");
  }

  /** Whether the pod carries the label by which the Service finds it. */
  isLabelled(pod: Pod): boolean {
    return pod.metadata.labels?.[rampLabel] === this.label;
  }

  /** Pods that clients may reach, as labels and readiness say: what the endpoints follow. */
  servingOf(observation: Observation, revision?: string): Pod[] {
    return [this.from, this.to]
      .filter((each) => revision === undefined || each === revision)
      .flatMap((each) => podsOf(observation, each))
      .filter((pod) => this.isLabelled(pod) && isReady(pod));
  }
}

/** Replicas that a revision's Deployment asks for; none where there is no such Deployment. */
export function replicasOf(observation: Observation, revision: string): number {
  return deploymentOf(observation, revision)?.spec.replicas ?? 0;
}
