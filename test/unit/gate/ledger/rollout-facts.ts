import type { PromotionInputs } from "../../../../infra/core/promotion-inputs.ts";
import { rampName } from "../../../../infra/core/traffic.ts";
import type { EvidenceDocument } from "../../../../infra/gate/evidence.ts";
import { evidenceNameOf } from "../../../../infra/gate/evidence-store.ts";
import { readLedger, type StoredVerdict } from "../../../../infra/gate/ledger/ledger.ts";
import type { LeaseView, RolloutFacts } from "../../../../infra/gate/ledger/standing.ts";
import { FakeCluster } from "../../../support/fake-cluster.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { inputs } from "../stage.ts";

const never = new AbortController().signal;
const minute = 60_000;

/** A record of a verdict that was given so many minutes ago. */
export interface RecordOptions {
  readonly revision: string;
  readonly minutesAgo: number;
  readonly evidence?: Partial<EvidenceDocument>;
  readonly inputsJson?: string;
  readonly probeHash?: string;
}

/** An app at a moment, put together by a test. */
export class Moment {
  readonly clock = new ManualClock();
  readonly cluster = new FakeCluster(this.clock);
  readonly ref = { namespace: "keye", app: "keye", service: "keye" };
  readonly #records: StoredVerdict[] = [];
  #lease: LeaseView | undefined;

  /** Pods that have been there for an hour. */
  runs(revision: string, replicas: number): this {
    this.cluster.add({ revision, replicas, script: { kind: "healthy" } }, 3600);
    return this;
  }

  serves(revision: string): this {
    this.cluster.selector = revision;
    return this;
  }

  /** A ramp in which all pods of both carry the label. */
  async ramps(from: string, to: string): Promise<this> {
    this.cluster.traffic = { kind: "ramp", from, to };
    for (const pod of [...this.cluster.podsOf(from), ...this.cluster.podsOf(to)]) {
      await this.cluster.markPod(this.ref, pod, { ramp: rampName({ from, to }) }, never);
    }
    return this;
  }

  /** A pass, unless the evidence says otherwise. */
  verdict({ revision, minutesAgo, evidence = {}, inputsJson, probeHash = inputs().probeHash }: RecordOptions): this {
    const document = {
      apiVersion: "keye-stack.dev/v1",
      kind: "PromotionEvidence",
      verdict: "pass",
      isUnfinished: false,
      reason: "Every pod was proven.",
      revision,
      previousRevision: null,
      strategy: "blueGreen",
      replicas: 2,
      finishedAt: new Date(this.clock.now() - minutesAgo * minute).toISOString(),
      ...evidence,
    };
    const name = evidenceNameOf({ app: "keye", revision, probeHash });
    this.#records.push({ name, json: JSON.stringify(document), ...(inputsJson === undefined ? {} : { inputsJson }) });
    return this;
  }

  /** Somebody holds the Lease, and renewed it so many seconds ago. */
  held(secondsAgo: number): this {
    const at = new Date(this.clock.now() - secondsAgo * 1000).toISOString();
    this.#lease = { holder: "ci-7/4711/ab", acquiredAt: at, renewedAt: at, durationSeconds: 30 };
    return this;
  }

  async facts(): Promise<RolloutFacts> {
    const observation = await this.cluster.observe(this.ref, never);
    const { ref, clock } = this;
    return { ref, observation, lease: this.#lease, ledger: readLedger(this.#records), now: clock.now() };
  }
}

/** What settings of a revision ask for. */
export function asks(revision: string, change: Partial<PromotionInputs> = {}): { readonly pending: PromotionInputs } {
  return { pending: inputs({ revision, ...change }) };
}
