import type { ProbeSpec } from "../../infra/core/probe-spec.ts";
import type { Measurement, ProbeReport } from "../../infra/gate/measurement.ts";
import type { AppRef, ProberPort } from "../../infra/gate/ports.ts";
import type { Pod } from "../../infra/status/objects.ts";
import type { FakeCluster } from "./fake-cluster.ts";

/** How an engine answers. `hang`: never, until the signal aborts. */
export type Answers = "right" | "wrong" | "none" | "wrong-identity" | "hang";

/** Milliseconds that probing one pod takes. */
const probeMs = 3_000;

/** A prober whose engines answer as the test says. */
export class FakeProber implements ProberPort {
  readonly #cluster: FakeCluster;
  /** How a pod answers when it is probed directly, by UID; `right` where absent. */
  readonly pods = new Map<string, Answers>();
  /** How pods of a revision answer when probed directly; the pod's own entry wins. */
  readonly revisions = new Map<string, Answers>();
  /** How a revision answers through the Service. */
  readonly traffic = new Map<string, Answers>();
  /** UIDs, with restarts, that have passed. */
  readonly passed = new Set<string>();

  constructor(cluster: FakeCluster) {
    this.#cluster = cluster;
  }

  async probePod(_ref: AppRef, pod: Pod, _spec: ProbeSpec, signal: AbortSignal): Promise<ProbeReport> {
    await this.#cluster.call("probePod", signal);
    const uid = pod.metadata.uid ?? "";
    const revision = pod.metadata.labels?.["keye-stack.dev/revision"] ?? "";
    const answers = this.pods.get(uid) ?? this.revisions.get(revision) ?? "right";
    await this.#cluster.clock.sleep(answers === "hang" ? 1e9 : probeMs, signal);
    const fake = this.#cluster.podsOf(revision).find((each) => each.uid === uid);
    if (answers === "right") this.passed.add(`${uid}/${fake?.restarts ?? 0}`);
    const measurements = ["health", "identity", "text", "streaming"].map((check) =>
      this.#one(check, answers, revision),
    );
    return this.#report(pod.metadata.name, measurements);
  }

  async probeService(_ref: AppRef, spec: ProbeSpec, requests: number, signal: AbortSignal): Promise<ProbeReport> {
    await this.#cluster.call("probeService", signal);
    const { selector } = this.#cluster;
    const answers = this.#cluster.endpoints().length === 0 ? "none" : (this.traffic.get(selector) ?? "right");
    await this.#cluster.clock.sleep(answers === "hang" ? 1e9 : 500, signal);
    const wanted = spec.expectation.weightVersion;
    const isStranger = wanted !== undefined && wanted !== selector && answers === "right";
    const outcome = isStranger ? "wrong" : answers;
    return this.#report(
      "service",
      Array.from({ length: requests }, () => this.#one("traffic", outcome, selector)),
    );
  }

  #one(check: string, answers: Answers, revision: string): Measurement {
    const base = { check, startedAt: this.#cluster.clock.now(), duration: 100, attempts: 1, transportErrors: 0 };
    const facts = { weightVersion: revision };
    if (answers === "none") return { ...base, outcome: "error", reason: "connection refused.", facts: {} };
    const isWrong =
      (answers === "wrong" && (check === "text" || check === "traffic")) ||
      (answers === "wrong-identity" && check === "identity");
    const wrong = check === "identity" ? "tp_size: wanted 2, got 1." : '"12 + 30": wanted 42, got "fish".';
    return { ...base, outcome: isWrong ? "fail" : "pass", reason: isWrong ? wrong : "as wanted.", facts };
  }

  #report(target: string, measurements: readonly Measurement[]): ProbeReport {
    const now = this.#cluster.clock.now();
    return { target, startedAt: now, finishedAt: now, measurements };
  }
}
