import type { PromotionInputs } from "../../../infra/core/promotion-inputs.ts";
import { gpusPerReplica } from "../../support/fake-cluster.ts";
import { gpuNode } from "../../support/fake-pod.ts";
import { type Ending, next, Scene, stable } from "./stage.ts";

/** A cluster that is full: `stable` serves with as many pods as there are GPUs for, plus some spare ones if wished. */
export class CanaryScene extends Scene {
  readonly replicas: number;
  /** What no step may do, as sentences. */
  readonly broken: string[] = [];

  constructor({ replicas = 2, spare = 0 }: { readonly replicas?: number; readonly spare?: number } = {}) {
    super({ firstDeploy: true });
    this.replicas = replicas;
    const count = replicas + spare;
    this.cluster.nodes = Array.from({ length: count }, (_, index) => gpuNode(`h800-${index}`, gpusPerReplica));
    this.cluster.add({ revision: stable, replicas, script: { kind: "healthy" } }, 3600);
    this.cluster.selector = stable;
    this.cluster.onStep = () => this.#check();
  }

  override promote(change: Partial<PromotionInputs> = {}): Promise<Ending> {
    const { replicas } = this;
    return super.promote({ strategy: "canary", replicas, ...change });
  }

  /** Revisions of the pods that serve, sorted. */
  get serving(): readonly string[] {
    const { cluster } = this;
    return cluster
      .endpoints()
      .map(({ podUid }) => cluster.revisionOf(podUid ?? ""))
      .toSorted();
  }

  /** Replaces what a test interferes with by a death: from that call on nothing is read or written any more. */
  killAt(call: string): void {
    let isDead = false;
    this.cluster.intercept = (name) => {
      isDead ||= name === call;
      if (isDead) throw new Error("SIGKILL");
    };
  }

  #check(): void {
    const { cluster, prober } = this;
    const serving = cluster.endpoints().map(({ podUid }) => podUid ?? "");
    const isProven = (uid: string) => {
      const pod = cluster.podsOf(next).find((each) => each.uid === uid);
      return pod !== undefined && prober.passed.has(`${uid}/${pod.restarts}`);
    };
    const strangers = serving.filter((uid) => cluster.revisionOf(uid) === next && !isProven(uid));
    if (strangers.length > 0) this.broken.push(`${strangers} serve without proof`);
    if (serving.length < this.replicas - 1) this.broken.push(`${serving.length} of ${this.replicas} serve`);
  }
}
