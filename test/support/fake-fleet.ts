import { appLabel, gpuResource, noRevision, revisionLabel, revisionName } from "../../infra/core/names.ts";
import type { EpochMs } from "../../infra/core/units.ts";
import type { Deployment, Node, Pod } from "../../infra/status/objects.ts";
import { FakeCalls } from "./fake-calls.ts";
import { deploymentObject, type FakePod, gpuNode, hasLeft, isPodReady, type PodScript, podObject } from "./fake-pod.ts";
import type { ManualClock } from "./manual-clock.ts";

/** A revision's Deployment. */
export interface FakeRevision {
  readonly revision: string;
  readonly replicas: number;
  readonly script: PodScript;
}

/** Where the one app is. */
export const fakeApp = { namespace: "keye", app: "keye" } as const;
/** GPUs that each pod asks for. */
export const gpusPerReplica = 4;
/** The image that every pod runs unless a test says otherwise. */
export const fakeDigest = `sha256:${"ab".repeat(32)}`;

/**
 * Nodes, Deployments and pods of one app in memory, with what its controllers and the scheduler would do. Pods live by
 * the clock; what else changes, a test changes.
 */
export class FakeFleet extends FakeCalls {
  readonly clock: ManualClock;
  nodes: readonly Node[] = [gpuNode("h800-0"), gpuNode("h800-1")];
  /** How long a pod takes to end once it has been told to. */
  endingSeconds = 2;
  #revisions: FakeRevision[] = [];
  #pods: FakePod[] = [];
  /** When a pod has last made room on a node. */
  readonly #freedAt = new Map<string, EpochMs>();
  #created = 0;

  constructor(clock: ManualClock) {
    super();
    this.clock = clock;
  }

  get revisions(): readonly FakeRevision[] {
    return this.#revisions;
  }

  /** All pods that have not ended. */
  get pods(): readonly FakePod[] {
    this.#reap();
    return this.#pods;
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
    return this.pods.filter((pod) => pod.revision === revision);
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
    if (pod.node !== undefined) this.#freedAt.set(pod.node, this.clock.now());
    this.#create(pod.revision, this.clock.now());
    this.onStep();
  }

  /** A node throws a pod out: its Deployment makes another, and what is left of it stays. */
  evictPod(uid: string): void {
    const pod = this.#pods.find((each) => each.uid === uid && !hasLeft(each));
    if (pod === undefined) return;
    this.changePod(uid, { isEvicted: true });
    if (pod.node !== undefined) this.#freedAt.set(pod.node, this.clock.now());
    this.#create(pod.revision, this.clock.now());
    this.onStep();
  }

  /** Scales as a person would. */
  scaleByHand(revision: string, replicas: number): void {
    this.#setReplicas(revision, replicas, this.clock.now());
    this.onStep();
  }

  /** Pods in the API's shape; all where none are named. */
  podObjects(pods = this.pods): Pod[] {
    const now = this.clock.now();
    return pods.map((pod) => podObject(pod, now, fakeApp));
  }

  /** A revision's Deployment, in the API's shape. */
  deploymentObject({ revision, replicas, script }: FakeRevision): Deployment {
    const labels = { [appLabel]: fakeApp.app, [revisionLabel]: revision };
    const identity = { name: revisionName(fakeApp.app, revision), namespace: fakeApp.namespace, labels };
    const state = { replicas, gpus: gpusPerReplica, script, pods: this.podsOf(revision), now: this.clock.now() };
    return deploymentObject(identity, state);
  }

  #setReplicas(revision: string, replicas: number, createdAt: EpochMs): void {
    const found = this.#revisions.find((each) => each.revision === revision);
    this.#revisions = this.#revisions.map((each) => (each.revision === revision ? { ...each, replicas } : each));
    const living = this.#pods
      .filter((pod) => pod.revision === revision && !hasLeft(pod))
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
      name: `${revisionName(fakeApp.app, revision)}-${id}`,
      uid: `uid-${id}`,
      revision,
      gpus: gpusPerReplica,
      imageId: `docker.io/kwaikeye/kwai-keye-vl@${fakeDigest}`,
      script: found.script,
      createdAt,
      restarts: 0,
    });
  }

  /** Pods that wait find a node once one has room: what is ending holds its GPUs until it has ended. */
  #schedule(): void {
    const isWaiting = (pod: FakePod) => pod.node === undefined && !hasLeft(pod) && pod.script.kind !== "unschedulable";
    for (const waiting of this.#pods.filter(isWaiting)) {
      const node = this.#nodeFor(waiting);
      if (node === undefined) continue;
      const bound = { ...waiting, node, createdAt: Math.max(waiting.createdAt, this.#freedAt.get(node) ?? 0) };
      this.#pods = this.#pods.map((pod) => (pod === waiting ? bound : pod));
    }
  }

  /** By turns, unless another node is the one with room. */
  #nodeFor({ uid }: FakePod): string | undefined {
    const byTurn = `h800-${Number(uid.slice("uid-".length)) % 2}`;
    const free = ({ metadata, status }: Node) =>
      Number(status?.allocatable?.[gpuResource] ?? 0) -
      this.#pods.filter(({ node, isEvicted }) => node === metadata.name && isEvicted !== true).length * gpusPerReplica;
    const roomy = this.nodes.filter((node) => free(node) >= gpusPerReplica).map(({ metadata }) => metadata.name);
    return roomy.includes(byTurn) ? byTurn : roomy[0];
  }

  #reap(): void {
    const endOf = ({ deletedAt }: FakePod) =>
      deletedAt === undefined ? Number.POSITIVE_INFINITY : deletedAt + this.endingSeconds * 1000;
    const ended = this.#pods.filter((pod) => endOf(pod) <= this.clock.now());
    this.#pods = this.#pods.filter((pod) => !ended.includes(pod));
    for (const pod of ended) if (pod.node !== undefined) this.#freedAt.set(pod.node, endOf(pod));
    this.#schedule();
  }
}
