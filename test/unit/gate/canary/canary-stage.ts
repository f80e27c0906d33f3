import type { PromotionInputs } from "../../../../infra/core/promotion-inputs.ts";
import { gpusPerReplica } from "../../../support/fake-fleet.ts";
import { gpuNode } from "../../../support/fake-pod.ts";
import { type Ending, next, Scene, stable } from "../stage.ts";

/** A cluster that is full: `stable` serves with as many pods as there are GPUs for, plus some spare ones if wished. */
export class CanaryScene extends Scene {
  readonly replicas: number;
  /** Pods that served without a proof, as sentences. Never allowed. */
  readonly strangers = new Set<string>();
  /** How few pods served at the least. */
  fewest: number;

  constructor({ replicas = 3, spare = 0 }: { readonly replicas?: number; readonly spare?: number } = {}) {
    super({ firstDeploy: true });
    this.replicas = replicas;
    this.fewest = replicas;
    const count = replicas + spare;
    this.cluster.nodes = Array.from({ length: count }, (_, index) => gpuNode(`h800-${index}`, gpusPerReplica));
    this.cluster.add({ revision: stable, replicas, script: { kind: "healthy" } }, 3600);
    this.cluster.selector = stable;
    this.cluster.onStep = () => this.#look();
  }

  override promote(change: Partial<PromotionInputs> = {}): Promise<Ending> {
    return super.promote({ strategy: "canary", replicas: this.replicas, ...change });
  }

  /** Acts once, at the first call after a line of progress that matches. */
  at(line: RegExp, act: () => void | Promise<void>): void {
    let isDone = false;
    this.cluster.intercept = () => {
      if (isDone || !this.lines.some((text) => line.test(text))) return;
      isDone = true;
      return act();
    };
  }

  /** The run dies at the first call after such a line: it neither undoes nor records anything. */
  killAt(line: RegExp): void {
    this.cluster.intercept = () => {
      if (this.lines.some((text) => line.test(text))) throw new Error("SIGKILL");
    };
  }

  #look(): void {
    const { cluster, prober } = this;
    const serving = cluster.endpoints().map(({ podUid }) => podUid ?? "");
    this.fewest = Math.min(this.fewest, serving.length);
    for (const { name, uid, restarts } of cluster.podsOf(next)) {
      if (serving.includes(uid) && !prober.passed.has(`${uid}/${restarts}`)) this.strangers.add(name);
    }
  }
}

/** `stable` serves alone with all it had, and the candidate is parked. */
export function untouched(replicas = 3): string {
  return `${stable} serves; ${stable} at ${replicas}, ${next} at 0`;
}

/** `next` serves alone. */
export function promoted(replicas = 3): string {
  return `${next} serves; ${stable} at 0, ${next} at ${replicas}`;
}
