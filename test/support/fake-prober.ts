import { noRevision } from "../../infra/core/names.ts";
import type { ProbeSpec } from "../../infra/core/probe-spec.ts";
import type { Measurement, ProbeReport } from "../../infra/gate/measurement.ts";
import type { AppRef, PodQuestions, ProberPort, RecordingQuestions } from "../../infra/gate/ports.ts";
import type { Pod } from "../../infra/status/objects.ts";
import type { FakeCluster } from "./fake-cluster.ts";

/** How an engine answers. `hang`: never, until the signal aborts. `drifted`: rightly, but not as any baseline says. */
export type Answers = "right" | "wrong" | "none" | "wrong-identity" | "hang" | "drifted";

/** Milliseconds that probing or recording one pod takes. */
const probeMs = 3_000;

/** What recording the engines of a revision gives. */
export function fakeBaseline(revision: string): string {
  const recordedAt = "2026-01-01T00:00:00.000Z";
  return JSON.stringify({ kind: "ProbeBaseline", recordedAt, weightVersion: revision });
}

/** A prober whose engines answer as the test says. */
export class FakeProber implements ProberPort {
  readonly #cluster: FakeCluster;
  /** How a pod answers when it is probed directly, by UID; `right` where absent. */
  readonly pods = new Map<string, Answers>();
  /** How pods of a revision answer when probed directly; the pod's own entry wins. */
  readonly revisions = new Map<string, Answers>();
  /** How a revision answers through the Service. */
  readonly traffic = new Map<string, Answers>();
  /** Requests that an engine runs, by UID; none where absent. */
  readonly running = new Map<string, number | undefined>();
  /** UIDs, with restarts, that have passed. */
  readonly passed = new Set<string>();
  /** What each probe of a pod was asked. */
  readonly questions: PodQuestions[] = [];
  /** What each recording was asked, and of which pod. */
  readonly recordings: (RecordingQuestions & { readonly pod: string })[] = [];
  /** What comes of a recording; a baseline of the pod's revision where undefined. */
  recording: string | Error | "hang" | undefined;

  constructor(cluster: FakeCluster) {
    this.#cluster = cluster;
  }

  async probePod(_ref: AppRef, pod: Pod, questions: PodQuestions, signal: AbortSignal): Promise<ProbeReport> {
    await this.#cluster.call("probePod", signal);
    this.questions.push(questions);
    const uid = pod.metadata.uid ?? "";
    const revision = pod.metadata.labels?.["keye-stack.dev/revision"] ?? "";
    const answers = this.pods.get(uid) ?? this.revisions.get(revision) ?? "right";
    await this.#cluster.clock.sleep(answers === "hang" ? 1e9 : probeMs, signal);
    const fake = this.#cluster.podsOf(revision).find((each) => each.uid === uid);
    if (answers === "right") this.passed.add(`${uid}/${fake?.restarts ?? 0}`);
    const measurements = ["health", "identity", "text", "streaming"].map((check) =>
      this.#one(check, answers, revision),
    );
    return this.#report(pod.metadata.name, [...measurements, this.#golden(answers, questions)]);
  }

  async recordBaseline(_ref: AppRef, pod: Pod, asked: RecordingQuestions, signal: AbortSignal): Promise<string> {
    await this.#cluster.call("recordBaseline", signal);
    this.recordings.push({ ...asked, pod: pod.metadata.name });
    await this.#cluster.clock.sleep(this.recording === "hang" ? 1e9 : probeMs, signal);
    if (this.recording instanceof Error) throw this.recording;
    return this.recording ?? fakeBaseline(pod.metadata.labels?.["keye-stack.dev/revision"] ?? "");
  }

  async probeService(_ref: AppRef, spec: ProbeSpec, requests: number, signal: AbortSignal): Promise<ProbeReport> {
    await this.#cluster.call("probeService", signal);
    const serving = this.#cluster.endpoints().map(({ podUid }) => this.#cluster.revisionOf(podUid ?? ""));
    const answersOf = (revision: string): Answers =>
      revision === noRevision ? "none" : (this.traffic.get(revision) ?? "right");
    const asked = Array.from({ length: requests }, (_, index) => serving[index % serving.length] ?? noRevision);
    await this.#cluster.clock.sleep(asked.some((revision) => answersOf(revision) === "hang") ? 1e9 : 500, signal);
    const wanted = spec.expectation.weightVersion;
    return this.#report(
      "service",
      asked.map((revision) => {
        const answers = answersOf(revision);
        const isStranger = wanted !== undefined && wanted !== revision && answers === "right";
        return this.#one("traffic", isStranger ? "wrong" : answers, revision);
      }),
    );
  }

  async runningRequests(_ref: AppRef, pod: Pod, signal: AbortSignal): Promise<number | undefined> {
    await this.#cluster.call("runningRequests", signal);
    const uid = pod.metadata.uid ?? "";
    return this.running.has(uid) ? this.running.get(uid) : 0;
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

  #golden(answers: Answers, { baseline }: PodQuestions): Measurement {
    const base = {
      check: "golden",
      startedAt: this.#cluster.clock.now(),
      duration: 100,
      attempts: 6,
      transportErrors: 0,
    };
    if ("because" in baseline) return { ...base, outcome: "skipped", reason: baseline.because, facts: {} };
    if (answers !== "drifted") return { ...base, outcome: "pass", reason: "6 golden answers agree.", facts: {} };
    const reason = '"6 x 7": first tokens at a distance of 0.412 from the baseline, 0.05 allowed.';
    return { ...base, outcome: "fail", reason, facts: {} };
  }

  #report(target: string, measurements: readonly Measurement[]): ProbeReport {
    const now = this.#cluster.clock.now();
    return { target, startedAt: now, finishedAt: now, measurements };
  }
}
