import { DeployError } from "../../infra/core/errors.ts";
import { appLabel, gpuResource, noRevision, revisionLabel, revisionName } from "../../infra/core/names.ts";
import {
  isSameTraffic,
  rampName,
  type Traffic,
  trafficOfRevision,
  trafficSelector,
  trafficText,
} from "../../infra/core/traffic.ts";
import type { EpochMs, Milliseconds } from "../../infra/core/units.ts";
import type { StoredVerdict } from "../../infra/gate/ledger/ledger.ts";
import type {
  AppRef,
  CandidateView,
  ClusterPort,
  HeldLease,
  LeasePort,
  NewBaseline,
  NewEvidence,
  Observation,
  PodMark,
  PodRef,
  StoredEvidence,
  SwitchOutcome,
} from "../../infra/gate/ports.ts";
import type { NamespaceLimits } from "../../infra/status/headroom/headroom.ts";
import type { Deployment, Endpoint, Node, Pod } from "../../infra/status/objects.ts";
import {
  deploymentObject,
  type FakePod,
  gpuNode,
  isPodReady,
  logOf,
  type PodScript,
  podEvents,
  podObject,
} from "./fake-pod.ts";
import type { ManualClock } from "./manual-clock.ts";

/** A revision's Deployment. */
export interface FakeRevision {
  readonly revision: string;
  readonly replicas: number;
  readonly script: PodScript;
}

/** Called at the start of each port call, with its name and how many such calls there were: `observe#2`. */
export type Intercept = (call: string, signal: AbortSignal) => void | Promise<void>;

const namespace = "keye";
const app = "keye";
/** GPUs that each pod asks for. */
export const gpusPerReplica = 4;
/** The image that every pod runs unless a test says otherwise. */
export const fakeDigest = `sha256:${"ab".repeat(32)}`;

/**
 * One app in memory: its Service, Deployments, pods, endpoints, Lease and evidence. Pods live by the clock; what else
 * changes, a test changes. Every write is on record in `writes`.
 */
export class FakeCluster implements ClusterPort, LeasePort {
  readonly clock: ManualClock;
  readonly evidence = new Map<string, StoredVerdict>();
  /** JSON by the ConfigMap's name. */
  readonly baselines = new Map<string, string>();
  /** Keys of caches that a revision which passed has filled. */
  readonly filledCaches = new Set<string>();
  readonly writes: string[] = [];
  /** Quotas and LimitRanges of the app's namespace; undefined where they may not be read. */
  bounds: NamespaceLimits | undefined = { quotas: [], ranges: [] };
  nodes: readonly Node[] = [gpuNode("h800-0"), gpuNode("h800-1")];
  traffic: Traffic = { kind: "none" };
  leaseHolder: string | undefined;
  /** How long a pod takes to end once it has been told to. */
  endingSeconds = 2;
  /** Aborts the Lease that is held: another writer has taken it. */
  loseLease: () => void = () => undefined;
  intercept: Intercept = () => undefined;
  /** Called whenever anything may have changed. */
  onStep: () => void = () => undefined;
  readonly #calls = new Map<string, number>();
  #revisions: FakeRevision[] = [];
  #pods: FakePod[] = [];
  #created = 0;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  /** What the live Service selects: a revision, `none`, or the two of a ramp. */
  get selector(): string {
    return trafficText(this.traffic);
  }

  set selector(revision: string) {
    this.traffic = trafficOfRevision(revision);
  }

  /** Adds a Deployment, with pods as old as wished. */
  add(revision: FakeRevision, ageSeconds = 0): void {
    this.#revisions.push({ ...revision, replicas: 0 });
    this.#setReplicas(revision.revision, revision.replicas, this.clock.now() - ageSeconds * 1000);
  }

  /** Replicas that a revision's Deployment asks for. */
  replicas(revision: string): number {
    return this.#revisions.find((each) => each.revision === revision)?.replicas ?? 0;
  }

  /** Pods of a revision that have not ended. */
  podsOf(revision: string): readonly FakePod[] {
    this.#reap();
    return this.#pods.filter((pod) => pod.revision === revision);
  }

  /** The revision that a pod runs; `none` for one that is gone. */
  revisionOf(uid: string): string {
    return this.#pods.find((pod) => pod.uid === uid)?.revision ?? noRevision;
  }

  /** Changes how new pods of a revision behave. */
  setScript(revision: string, script: PodScript): void {
    this.#revisions = this.#revisions.map((each) => (each.revision === revision ? { ...each, script } : each));
  }

  /** Changes one pod in place, such as its restart count. */
  changePod(uid: string, change: Partial<FakePod>): void {
    this.#pods = this.#pods.map((pod) => (pod.uid === uid ? { ...pod, ...change } : pod));
    this.onStep();
  }

  /** Deletes a pod, which is gone at once: its Deployment makes another, and that may need the very place. */
  deletePod(uid: string): void {
    const pod = this.#pods.find((each) => each.uid === uid);
    if (pod === undefined) return;
    this.#pods = this.#pods.filter((each) => each !== pod);
    this.#create(pod.revision, this.clock.now());
    this.onStep();
  }

  /** Scales as a person would, beside the ports. */
  scaleByHand(revision: string, replicas: number): void {
    this.#setReplicas(revision, replicas, this.clock.now());
    this.onStep();
  }

  async observe(_ref: AppRef, signal: AbortSignal): Promise<Observation> {
    await this.call("observe", signal);
    this.#reap();
    const now = this.clock.now();
    const selects = trafficSelector(this.traffic);
    return {
      service: {
        metadata: { name: app, namespace },
        spec: { selector: { [appLabel]: app, [selects.label]: selects.value } },
      },
      traffic: this.traffic,
      deployments: this.#revisions.map((revision) => this.#deployment(revision, now)),
      pods: this.#objects(now),
      endpoints: this.endpoints(),
    };
  }

  async candidate(_ref: AppRef, revision: string, signal: AbortSignal): Promise<CandidateView> {
    await this.call("candidate", signal);
    const now = this.clock.now();
    const found = this.#revisions.find((each) => each.revision === revision);
    const pods = this.podsOf(revision);
    return {
      deployment: found === undefined ? undefined : this.#deployment(found, now),
      pods: pods.map((pod) => podObject(pod, now, { namespace, app })),
      events: pods.flatMap(podEvents),
    };
  }

  async waitForChange(_ref: AppRef, atMost: Milliseconds, signal: AbortSignal): Promise<void> {
    await this.call("waitForChange", signal);
    await this.clock.sleep(Math.min(atMost, 1_000), signal);
  }

  async scale(_ref: AppRef, deployment: string, replicas: number, signal: AbortSignal): Promise<void> {
    await this.call("scale", signal);
    const revision = this.#revisions.find((each) => revisionName(app, each.revision) === deployment);
    if (revision === undefined) throw apiError(`deployment ${deployment}`, "not found.");
    this.writes.push(`scale ${revision.revision} ${replicas}`);
    this.#setReplicas(revision.revision, replicas, this.clock.now());
    this.onStep();
  }

  async switchTraffic(_ref: AppRef, from: Traffic, to: Traffic, signal: AbortSignal): Promise<SwitchOutcome> {
    await this.call("switchTraffic", signal);
    if (!isSameTraffic(this.traffic, from)) return { kind: "conflict", found: this.traffic };
    this.traffic = to;
    this.writes.push(`switch ${trafficText(from)} ${trafficText(to)}`);
    this.onStep();
    await this.call("switched", signal);
    return { kind: "switched" };
  }

  async markPod(_ref: AppRef, { name, uid }: PodRef, mark: PodMark, signal: AbortSignal): Promise<boolean> {
    await this.call("markPod", signal);
    this.#reap();
    const pod = this.#pods.find((each) => each.uid === uid && each.name === name);
    if (pod === undefined) return false;
    const { ramp: before, ...rest } = pod;
    const ramp = mark.ramp === undefined ? before : (mark.ramp ?? undefined);
    const { deletionCost } = mark;
    const marked = {
      ...rest,
      ...(ramp === undefined ? {} : { ramp }),
      ...(deletionCost === undefined ? {} : { deletionCost }),
    };
    this.#pods = this.#pods.map((each) => (each === pod ? marked : each));
    if (mark.ramp !== undefined) this.writes.push(`${mark.ramp === null ? "unmark" : "mark"} ${name}`);
    this.onStep();
    return true;
  }

  async logTail(_ref: AppRef, pod: string, _options: unknown, signal: AbortSignal): Promise<string> {
    await this.call("logTail", signal);
    const found = this.#pods.find(({ name }) => name === pod);
    return found === undefined ? "" : logOf(found, this.clock.now());
  }

  async capacity(signal: AbortSignal): Promise<{ nodes: readonly Node[]; pods: readonly Pod[] }> {
    await this.call("capacity", signal);
    this.#reap();
    return { nodes: this.nodes, pods: this.#objects(this.clock.now()).filter((pod) => pod.spec?.nodeName) };
  }

  async limits(_namespace: string, signal: AbortSignal): Promise<NamespaceLimits | undefined> {
    await this.call("limits", signal);
    return this.bounds;
  }

  async hasFilledCache(_ref: AppRef, cacheKey: string, signal: AbortSignal): Promise<boolean> {
    await this.call("hasFilledCache", signal);
    return this.filledCaches.has(cacheKey);
  }

  async saveEvidence(_ref: AppRef, record: NewEvidence, signal: AbortSignal): Promise<void> {
    await this.call("saveEvidence", signal);
    if (record.cacheKey !== undefined) this.filledCaches.add(record.cacheKey);
    const { name, json, inputsJson } = record;
    this.evidence.set(name, { name, json, inputsJson });
    this.writes.push(`evidence ${record.verdict}`);
    this.onStep();
  }

  async readEvidence(_ref: AppRef, name: string, signal: AbortSignal): Promise<StoredEvidence | undefined> {
    await this.call("readEvidence", signal);
    return this.evidence.get(name);
  }

  async saveBaseline(_ref: AppRef, record: NewBaseline, signal: AbortSignal): Promise<void> {
    await this.call("saveBaseline", signal);
    this.baselines.set(record.name, record.json);
    this.writes.push(`baseline ${record.revision}`);
    this.onStep();
  }

  async readBaseline(_ref: AppRef, name: string, signal: AbortSignal): Promise<string | undefined> {
    await this.call("readBaseline", signal);
    return this.baselines.get(name);
  }

  async acquire(_ref: AppRef, holder: string, signal: AbortSignal): Promise<HeldLease> {
    await this.call("acquire", signal);
    if (this.leaseHolder !== undefined) {
      const where = `${namespace}/lease/rollgate-${app}`;
      throw new DeployError({ code: "E_LOCKED", where, message: `held by ${this.leaseHolder} since 12 s.` });
    }
    this.leaseHolder = holder;
    const lost = new AbortController();
    this.loseLease = () => {
      this.leaseHolder = "somebody-else";
      lost.abort(new Error("taken by somebody-else"));
    };
    return {
      lost: lost.signal,
      assertHeld: async (inner) => {
        await this.call("assertHeld", inner);
        if (this.leaseHolder === holder) return;
        throw new DeployError({ code: "E_LOCKED", where: "lease", message: `held by ${this.leaseHolder}.` });
      },
      release: async () => {
        await this.call("release", new AbortController().signal);
        if (this.leaseHolder === holder) this.leaseHolder = undefined;
      },
    };
  }

  /** Addresses behind the live Service now. */
  endpoints(): Endpoint[] {
    const now = this.clock.now();
    this.#reap();
    return this.#pods
      .filter((pod) => this.#isSelected(pod) && isPodReady(pod, now))
      .map((pod) => ({
        address: "127.0.0.9",
        port: 8000,
        ready: true,
        serving: true,
        terminating: false,
        podName: pod.name,
        podUid: pod.uid,
      }));
  }

  /** Counts a call and lets the test interfere; used by the fake prober too. */
  async call(name: string, signal: AbortSignal): Promise<void> {
    const count = (this.#calls.get(name) ?? 0) + 1;
    this.#calls.set(name, count);
    this.onStep();
    await this.intercept(`${name}#${count}`, signal);
    signal.throwIfAborted();
  }

  /** Forgets the calls and lets nothing interfere: for a second run in one test. */
  resetCalls(): void {
    this.#calls.clear();
    this.intercept = () => undefined;
  }

  #isSelected(pod: FakePod): boolean {
    const { traffic } = this;
    if (traffic.kind === "none") return false;
    return traffic.kind === "ramp" ? pod.ramp === rampName(traffic) : pod.revision === traffic.revision;
  }

  #objects(now: EpochMs): Pod[] {
    return this.#pods.map((pod) => podObject(pod, now, { namespace, app }));
  }

  #deployment({ revision, replicas, script }: FakeRevision, now: EpochMs): Deployment {
    const pods = this.podsOf(revision);
    const identity = { name: revisionName(app, revision), namespace, labels: labelsOf(revision) };
    return deploymentObject(identity, { replicas, gpus: gpusPerReplica, script, pods, now });
  }

  #setReplicas(revision: string, replicas: number, createdAt: EpochMs): void {
    const found = this.#revisions.find((each) => each.revision === revision);
    this.#revisions = this.#revisions.map((each) => (each.revision === revision ? { ...each, replicas } : each));
    const living = this.#pods
      .filter((pod) => pod.revision === revision && pod.deletedAt === undefined)
      .toSorted((a, b) => this.#keepsBefore(a) - this.#keepsBefore(b));
    for (const pod of living.slice(replicas)) {
      this.#pods = this.#pods.map((each) => (each === pod ? { ...each, deletedAt: this.clock.now() } : each));
    }
    if (found?.script.kind === "quota") return;
    for (let missing = replicas - living.length; missing > 0; missing--) this.#create(revision, createdAt);
  }

  /** Who stays in a scale-down, as the ReplicaSet controller sorts: ready ones, then those that cost more to delete. */
  #keepsBefore(pod: FakePod): number {
    return (isPodReady(pod, this.clock.now()) ? 0 : 1e6) - (pod.deletionCost ?? 0);
  }

  #create(revision: string, createdAt: EpochMs): void {
    const found = this.#revisions.find((each) => each.revision === revision);
    if (found === undefined) return;
    const id = ++this.#created;
    this.#pods.push({
      name: `${revisionName(app, revision)}-${id}`,
      uid: `uid-${id}`,
      revision,
      node: this.#nodeFor(id),
      gpus: gpusPerReplica,
      imageId: `docker.io/kwaikeye/kwai-keye-vl@${fakeDigest}`,
      script: found.script,
      createdAt,
      restarts: 0,
    });
  }

  /** By turns, unless another node is the one with room; what is ending makes room. */
  #nodeFor(id: number): string {
    const byTurn = `h800-${id % 2}`;
    const free = ({ metadata, status }: Node) => {
      const staying = this.#pods.filter(({ node, deletedAt }) => node === metadata.name && deletedAt === undefined);
      return Number(status?.allocatable?.[gpuResource] ?? 0) - staying.length * gpusPerReplica;
    };
    const roomy = this.nodes.filter((node) => free(node) >= gpusPerReplica).map(({ metadata }) => metadata.name);
    return roomy.includes(byTurn) ? byTurn : (roomy[0] ?? byTurn);
  }

  #reap(): void {
    const now = this.clock.now();
    this.#pods = this.#pods.filter(
      ({ deletedAt }) => deletedAt === undefined || now - deletedAt < this.endingSeconds * 1000,
    );
  }
}

/** What the adapter rejects with once its retries are over. */
export function apiError(where: string, message: string): DeployError {
  return new DeployError({ code: "E_API", where, message });
}

function labelsOf(revision: string): Readonly<Record<string, string>> {
  return { [appLabel]: app, [revisionLabel]: revision };
}
