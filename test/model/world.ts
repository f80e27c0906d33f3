import { createHash } from "node:crypto";
import type { PromotionInputs, PromotionOutputs } from "../../infra/core/promotion-inputs.ts";
import type { Milliseconds } from "../../infra/core/units.ts";
import type { AppRef } from "../../infra/gate/ports.ts";
import { promote } from "../../infra/gate/promote.ts";
import type { PromotionPorts } from "../../infra/gate/promotion-ports.ts";
import { FakeCluster } from "../support/fake-cluster.ts";
import { gpusPerReplica } from "../support/fake-fleet.ts";
import { gpuNode } from "../support/fake-pod.ts";
import { FakeProber } from "../support/fake-prober.ts";
import { FakeSupply } from "../support/fake-supply.ts";
import { FakeWatchdog } from "../support/fake-watchdog.ts";
import { inputs, next, stable } from "../unit/gate/stage.ts";
import { disturb } from "./disturb.ts";
import { ModelClock } from "./model-clock.ts";
import { Life } from "./mortal.ts";
import type { Disturbed, Schedule, Strategy } from "./schedule.ts";
import { Witness } from "./witness.ts";

/** How one update ended. `running`: it had not ended long after it must have. */
export type Ending =
  | { readonly kind: "resolved"; readonly outputs: PromotionOutputs }
  | { readonly kind: "rejected"; readonly error: unknown }
  | { readonly kind: "died" | "running" };

/** One update of the model: what it asks for, and what disturbs it. */
export interface Update {
  readonly revision: string;
  readonly strategy: Strategy;
  readonly disturbed: readonly Disturbed[];
}

/** Virtual milliseconds after which an update has not ended. */
const patience = 6 * 3_600_000;

/** Looks less often than a real watch would wake the run: many looks at the same show nothing. */
class ModelCluster extends FakeCluster {
  override async waitForChange(_ref: AppRef, atMost: Milliseconds, signal: AbortSignal): Promise<void> {
    await this.call("waitForChange", signal);
    await this.clock.sleep(Math.min(atMost, 5_000), signal);
  }
}

/** One app in memory with all that promotes it, and a witness of what is done to it. */
export class World {
  readonly clock = new ModelClock();
  readonly cluster = new ModelCluster(this.clock);
  readonly prober = new FakeProber(this.cluster);
  readonly watchdog = new FakeWatchdog(this.cluster);
  readonly lines: string[] = [];
  readonly witness: Witness;
  readonly #supply = new FakeSupply(this.clock);
  readonly #replicas: number;
  #updates = 0;
  abort = new AbortController();
  life = new Life();

  constructor({ isFirst, replicas, spare, runs }: Schedule) {
    this.#replicas = replicas;
    // What somebody scales up by hand finds room beside.
    const takers = runs.flat().filter(({ what }) => what === "scale-old-up" || what === "scale-new-up").length;
    const nodes = replicas + (isFirst ? 0 : spare) + takers;
    this.cluster.nodes = Array.from({ length: nodes }, (_, index) => gpuNode(`h800-${index}`, gpusPerReplica));
    this.cluster.add({ revision: stable, replicas: isFirst ? 0 : replicas, script: { kind: "healthy" } }, 3600);
    this.cluster.add({ revision: next, replicas: 0, script: { kind: "healthy" } });
    if (!isFirst) this.cluster.selector = stable;
    this.witness = new Witness(this);
  }

  get replicas(): number {
    return this.#replicas;
  }

  /** What the update asks for. Each asks anew: no earlier rejection ends it at once. */
  inputsOf({ revision, strategy }: Pick<Update, "revision" | "strategy">): PromotionInputs {
    return inputs({
      revision,
      strategy,
      workload: `keye-${revision}`,
      replicas: this.#replicas,
      probe: { profile: "gate", expectation: { weightVersion: revision } },
      retryNonce: String(this.#updates),
    });
  }

  /** Lets one update run to its end or its death. */
  async update(update: Update): Promise<Ending> {
    this.#updates++;
    this.abort = new AbortController();
    this.life = new Life();
    this.lines.length = 0;
    // A holder that has died renews no more.
    this.cluster.leaseHolder = undefined;
    this.cluster.resetCalls();
    this.witness.begin(update);
    disturb(this, update.disturbed);
    let ending: Ending | undefined;
    const begun = this.clock.now();
    promote(this.inputsOf(update), this.life.ports(this.#ports()), this.abort.signal).then(
      (outputs) => {
        ending = { kind: "resolved", outputs };
        this.witness.passed(update);
      },
      (error: unknown) => {
        ending = { kind: "rejected", error };
      },
    );
    await this.clock.runUntil(() => ending !== undefined || this.life.isOver, begun + patience);
    this.clock.clear();
    this.cluster.intercept = () => undefined;
    const seen: Ending = ending ?? { kind: this.life.isOver ? "died" : "running" };
    this.life.isOver = true;
    return seen;
  }

  /** Mends all that is broken, and lets what ends come to its end; what people have set by hand stays. */
  heal(): void {
    this.clock.pass(60_000);
    this.prober.pods.clear();
    this.prober.revisions.clear();
    this.prober.traffic.clear();
    for (const revision of [stable, next]) {
      this.cluster.setScript(revision, { kind: "healthy" });
      const { length } = this.cluster.podsOf(revision);
      for (const { uid } of this.cluster.podsOf(revision)) this.cluster.changePod(uid, { script: { kind: "healthy" } });
      // What an admission refused before is tried again.
      const missing = this.cluster.replicas(revision) - length;
      if (missing > 0) this.cluster.scaleByHand(revision, this.cluster.replicas(revision));
    }
  }

  #onLine(text: string): void {
    this.lines.push(text);
    this.witness.told(text);
  }

  #ports(): PromotionPorts {
    return {
      cluster: this.cluster,
      supply: this.#supply,
      watchdog: this.watchdog,
      lease: this.cluster,
      prober: this.witness.proving(this.prober),
      progress: { line: (text) => this.#onLine(text), status: () => undefined },
      clock: this.clock,
      holder: `update-${this.#updates}`,
      sha256: (text) => createHash("sha256").update(text).digest("hex"),
    };
  }
}
