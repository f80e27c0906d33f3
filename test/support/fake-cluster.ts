import { DeployError } from "../../infra/core/errors.ts";
import { appLabel, revisionName } from "../../infra/core/names.ts";
import {
  isSameTraffic,
  rampName,
  type Traffic,
  trafficOfRevision,
  trafficSelector,
  trafficText,
} from "../../infra/core/traffic.ts";
import type { Milliseconds } from "../../infra/core/units.ts";
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
import type { Endpoint, Node, Pod } from "../../infra/status/objects.ts";
import { FakeFleet, fakeApp } from "./fake-fleet.ts";
import { type FakePod, isPodReady, logOf, podEvents } from "./fake-pod.ts";

/** One app in memory, as the ports see it: its fleet, what its Service selects, its Lease, and what is stored of it. */
export class FakeCluster extends FakeFleet implements ClusterPort, LeasePort {
  traffic: Traffic = { kind: "none" };
  /** The ramp whose label an edit by hand has left beside the revision in the selector. */
  leftRamp: Traffic | undefined;
  /** Quotas and LimitRanges of the app's namespace; undefined where they may not be read. */
  bounds: NamespaceLimits | undefined = { quotas: [], ranges: [] };
  leaseHolder: string | undefined;
  /** Aborts the Lease that is held: another writer has taken it. */
  loseLease: () => void = () => undefined;
  readonly evidence = new Map<string, StoredVerdict>();
  /** JSON by the ConfigMap's name. */
  readonly baselines = new Map<string, string>();
  /** Keys of caches that a revision which passed has filled. */
  readonly filledCaches = new Set<string>();

  /** What the live Service selects: a revision, `none`, or the two of a ramp. */
  get selector(): string {
    return trafficText(this.traffic);
  }

  set selector(revision: string) {
    this.traffic = trafficOfRevision(revision);
    this.leftRamp = undefined;
  }

  /** Merges a revision into the selector, as `kubectl patch` and `kubectl edit` leave it. */
  selectBeside(revision: string): void {
    const ramp = this.traffic.kind === "ramp" ? this.traffic : this.leftRamp;
    this.selector = revision;
    this.leftRamp = ramp;
    this.onStep();
  }

  /** Addresses behind the live Service now. */
  endpoints(): Endpoint[] {
    const now = this.clock.now();
    return this.pods
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

  async observe(_ref: AppRef, signal: AbortSignal): Promise<Observation> {
    await this.call("observe", signal);
    const { app, namespace } = fakeApp;
    const selected = [this.traffic, ...(this.leftRamp === undefined ? [] : [this.leftRamp])].map(trafficSelector);
    const labels = Object.fromEntries(selected.map(({ label, value }) => [label, value]));
    return {
      service: {
        metadata: { name: app, namespace },
        spec: { selector: { [appLabel]: app, ...labels } },
      },
      traffic: this.traffic,
      deployments: this.revisions.map((revision) => this.deploymentObject(revision)),
      pods: this.podObjects(),
      endpoints: this.endpoints(),
    };
  }

  async candidate(_ref: AppRef, revision: string, signal: AbortSignal): Promise<CandidateView> {
    await this.call("candidate", signal);
    const found = this.revisions.find((each) => each.revision === revision);
    const pods = this.podsOf(revision);
    return {
      deployment: found === undefined ? undefined : this.deploymentObject(found),
      pods: this.podObjects(pods),
      events: pods.flatMap(podEvents),
    };
  }

  async waitForChange(_ref: AppRef, atMost: Milliseconds, signal: AbortSignal): Promise<void> {
    await this.call("waitForChange", signal);
    await this.clock.sleep(Math.min(atMost, 1_000), signal);
  }

  async scale(_ref: AppRef, deployment: string, replicas: number, signal: AbortSignal): Promise<void> {
    await this.call("scale", signal);
    const found = this.revisions.find(({ revision }) => revisionName(fakeApp.app, revision) === deployment);
    if (found === undefined) throw apiError(`deployment ${deployment}`, "not found.");
    this.writes.push(`scale ${found.revision} ${replicas}`);
    this.scaleByHand(found.revision, replicas);
  }

  async switchTraffic(_ref: AppRef, from: Traffic, to: Traffic, signal: AbortSignal): Promise<SwitchOutcome> {
    await this.call("switchTraffic", signal);
    if (!isSameTraffic(this.traffic, from)) return { kind: "conflict", found: this.traffic };
    this.traffic = to;
    this.leftRamp = undefined;
    this.writes.push(`switch ${trafficText(from)} ${trafficText(to)}`);
    this.onStep();
    await this.call("switched", signal);
    return { kind: "switched" };
  }

  async markPod(_ref: AppRef, { name, uid }: PodRef, mark: PodMark, signal: AbortSignal): Promise<boolean> {
    await this.call("markPod", signal);
    if (!this.pods.some((pod) => pod.uid === uid && pod.name === name)) return false;
    const { ramp, deletionCost } = mark;
    if (ramp !== undefined) this.writes.push(`${ramp === null ? "unmark" : "mark"} ${name}`);
    this.changePod(uid, {
      ...(ramp === undefined ? {} : { ramp: ramp ?? undefined }),
      ...(deletionCost === undefined ? {} : { deletionCost }),
    });
    return true;
  }

  async logTail(_ref: AppRef, pod: string, _options: unknown, signal: AbortSignal): Promise<string> {
    await this.call("logTail", signal);
    const found = this.pods.find(({ name }) => name === pod);
    return found === undefined ? "" : logOf(found, this.clock.now());
  }

  async capacity(signal: AbortSignal): Promise<{ nodes: readonly Node[]; pods: readonly Pod[] }> {
    await this.call("capacity", signal);
    return { nodes: this.nodes, pods: this.podObjects().filter((pod) => pod.spec?.nodeName) };
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
      const where = `${fakeApp.namespace}/lease/rollgate-${fakeApp.app}`;
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

  #isSelected(pod: FakePod): boolean {
    return [this.traffic, this.leftRamp].every((traffic) => {
      if (traffic === undefined) return true;
      if (traffic.kind === "none") return false;
      return traffic.kind === "ramp" ? pod.ramp === rampName(traffic) : pod.revision === traffic.revision;
    });
  }
}

/** What the adapter rejects with once its retries are over. */
export function apiError(where: string, message: string): DeployError {
  return new DeployError({ code: "E_API", where, message });
}
