import { createHash } from "node:crypto";
import type { PromotionInputs, PromotionOutputs } from "../../../infra/core/promotion-inputs.ts";
import { type EvidenceDocument, parseEvidence } from "../../../infra/gate/evidence.ts";
import { evidenceNameOf } from "../../../infra/gate/evidence-store.ts";
import { promote } from "../../../infra/gate/promote.ts";
import { PromotionFailed } from "../../../infra/gate/promotion-error.ts";
import type { PromotionPorts } from "../../../infra/gate/promotion-ports.ts";
import { FakeCluster } from "../../support/fake-cluster.ts";
import { fakeDigest, gpusPerReplica } from "../../support/fake-fleet.ts";
import { FakeProber } from "../../support/fake-prober.ts";
import { FakeSupply } from "../../support/fake-supply.ts";
import { FakeWatchdog } from "../../support/fake-watchdog.ts";
import { ManualClock } from "../../support/manual-clock.ts";

/** The revision that serves when a scene begins. */
export const stable = "aaaaaaaaaa";

/** The revision to be promoted. */
export const next = "bbbbbbbbbb";

/** How a promotion ended. */
export type Ending =
  | { readonly kind: "resolved"; readonly outputs: PromotionOutputs }
  | { readonly kind: "rejected"; readonly error: unknown };

/** The failure that a promotion must have ended in. */
export function failureOf(ending: Ending): PromotionFailed {
  if (ending.kind === "rejected" && ending.error instanceof PromotionFailed) return ending.error;
  throw new Error(`wanted a PromotionFailed, got ${JSON.stringify(ending)}`);
}

/** A cluster in which `stable` serves with two pods and `next` has a Deployment at 0, and all that promotes it. */
export class Scene {
  readonly clock = new ManualClock();
  readonly cluster = new FakeCluster(this.clock);
  readonly prober = new FakeProber(this.cluster);
  readonly supply = new FakeSupply(this.clock);
  readonly watchdog = new FakeWatchdog(this.cluster);
  readonly lines: string[] = [];
  abort = new AbortController();
  evidenceFile: PromotionPorts["evidenceFile"];

  constructor(options: { readonly firstDeploy?: boolean } = {}) {
    if (!options.firstDeploy) {
      this.cluster.add({ revision: stable, replicas: 2, script: { kind: "healthy" } }, 3600);
      this.cluster.selector = stable;
    }
    this.cluster.add({ revision: next, replicas: 0, script: { kind: "healthy" } });
  }

  /** Promotes `next`, moving the clock until it is over. */
  async promote(change: Partial<PromotionInputs> = {}): Promise<Ending> {
    let ending: Ending | undefined;
    const running = promote(inputs(change), this.ports(), this.abort.signal).then(
      (outputs) => {
        ending = { kind: "resolved", outputs };
      },
      (error: unknown) => {
        ending = { kind: "rejected", error };
      },
    );
    const end = this.clock.now() + 4 * 3600_000;
    while (ending === undefined && this.clock.now() < end) await this.clock.advance(5_000);
    if (ending === undefined) throw new Error(`still running: ${this.lines.slice(-5).join(" | ")}`);
    await running;
    return ending;
  }

  /** Promotes once more, as the next `up` would: nothing interferes any more. */
  async promoteAgain(change: Partial<PromotionInputs> = {}): Promise<Ending> {
    this.abort = new AbortController();
    this.cluster.resetCalls();
    this.cluster.leaseHolder = undefined;
    return await this.promote(change);
  }

  /** The evidence on record for `next`. */
  evidence(change: Partial<PromotionInputs> = {}): EvidenceDocument | undefined {
    const stored = this.cluster.evidence.get(evidenceNameOf(inputs(change)));
    return stored === undefined ? undefined : parseEvidence(stored.json);
  }

  /** What serves and what remains, in one line. */
  get state(): string {
    const { cluster } = this;
    return `${cluster.selector} serves; ${stable} at ${cluster.replicas(stable)}, ${next} at ${cluster.replicas(next)}`;
  }

  ports(): PromotionPorts {
    return {
      cluster: this.cluster,
      supply: this.supply,
      watchdog: this.watchdog,
      lease: this.cluster,
      prober: this.prober,
      progress: { line: (text) => this.lines.push(text), status: () => undefined },
      clock: this.clock,
      holder: "tester@here/1",
      ...(this.evidenceFile === undefined ? {} : { evidenceFile: this.evidenceFile }),
      sha256: (text) => createHash("sha256").update(text).digest("hex"),
    };
  }
}

/** Inputs of a promotion of `next`. */
export function inputs(change: Partial<PromotionInputs> = {}): PromotionInputs {
  return {
    namespace: "keye",
    app: "keye",
    service: "keye",
    revision: next,
    workload: `keye-${next}`,
    replicas: 2,
    gpusPerReplica,
    nodeSelector: { "keye-stack.dev/pool": "h800" },
    port: 8000,
    strategy: "blueGreen",
    probe: { profile: "gate", expectation: { weightVersion: next } },
    probeHash: "0123456789",
    imageDigest: fakeDigest,
    deadlines: {
      readySeconds: 300,
      probeSeconds: 120,
      verifySeconds: 60,
      soakSeconds: 20,
      drainSeconds: 30,
      drainLimitSeconds: 300,
      totalSeconds: 1200,
    },
    cooldownSeconds: 600,
    ...change,
  };
}
