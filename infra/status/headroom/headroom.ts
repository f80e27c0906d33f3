import { gpuResource } from "../../core/names.ts";
import type { GrowthInputs } from "../../core/promotion-inputs.ts";
import { podsByNode } from "../gpu-ledger.ts";
import { isWorker } from "../groups.ts";
import type { LimitRange, Node, Pod, PodSpec, ResourceQuota } from "../objects.ts";
import { hasEnded } from "../pod-facts.ts";
import { forbiddenBy, withDefaults } from "./limit-ranges.ts";
import { podsOnNewNodes } from "./new-nodes.ts";
import { type Asked, askedOf, type NodeRoom, roomOn } from "./node-room.ts";
import { type QuotaRoom, quotaRoom } from "./quotas.ts";
import type { PodRole } from "./roles.ts";

/** What bounds the pods of one namespace. */
export interface NamespaceLimits {
  readonly quotas: readonly ResourceQuota[];
  readonly ranges: readonly LimitRange[];
}

/** A rollout that is to be planned, and the cluster as it is. */
export interface HeadroomInputs {
  readonly nodes: readonly Node[];
  /** Pods that are bound to a node, of any namespace. */
  readonly pods: readonly Pod[];
  /** Undefined where they may not be read: then nothing but the nodes bounds the pods. */
  readonly limits: NamespaceLimits | undefined;
  /** Spec of the pod template of the revision to come. */
  readonly candidate: PodSpec;
  /** Replicas that the revision shall have. */
  readonly replicas: number;
  /** Pods of one replica, all alike in what they ask for; they may go to any nodes. @default 1 */
  readonly podsPerReplica?: number;
  readonly roleOf: (pod: Pod) => PodRole;
  /** Absent: the nodes are those that exist. */
  readonly growth?: Pick<GrowthInputs, "pools">;
}

/** Where replicas find room, with some pods gone. */
export interface Fit {
  /** Whole replicas; never more than were asked for. */
  readonly fits: number;
  /** How many pods each node takes. */
  readonly rooms: readonly NodeRoom[];
  /** What bounds them beside the nodes, if that is less than what the nodes take. */
  readonly why?: string;
}

/** The cluster of a plan, prepared so that pods can be taken out of it and put into it. */
export class Headroom {
  readonly inputs: HeadroomInputs;
  readonly asked: Asked;
  readonly podsPerReplica: number;
  /** GPUs that one pod asks for. */
  readonly gpusPerPod: number;
  /** Bound pods of the serving revision, which some strategies take away. */
  readonly stable: readonly Pod[];
  /** How many pods of the candidate are bound already. */
  readonly presentPods: number;
  /** Pods that stay, and those of the stable revision. */
  readonly held: ReadonlyMap<string, readonly Pod[]>;
  /** Pods for which nodes come that do not exist yet. */
  readonly podsOnNewNodes: number;
  readonly #freed: readonly Pod[];
  readonly #forbidden: string | undefined;
  readonly #rooms: ReadonlyMap<string, NodeRoom>;

  constructor(inputs: HeadroomInputs) {
    const ranges = inputs.limits?.ranges ?? [];
    const spec = withDefaults(inputs.candidate, ranges);
    const holding = inputs.pods.filter((pod) => !hasEnded(pod));
    const ofRole = (role: PodRole) => holding.filter((pod) => inputs.roleOf(pod) === role);
    this.inputs = inputs;
    this.asked = askedOf(spec);
    this.podsPerReplica = inputs.podsPerReplica ?? 1;
    this.gpusPerPod = this.asked.requests.get(gpuResource) ?? 0;
    this.podsOnNewNodes =
      inputs.growth === undefined ? 0 : podsOnNewNodes(inputs.growth, inputs.nodes, this.gpusPerPod);
    this.stable = ofRole("stable");
    this.presentPods = ofRole("candidate").length;
    this.#freed = ofRole("leaving");
    this.#forbidden = forbiddenBy(spec, ranges);
    this.held = podsByNode(holding.filter((pod) => inputs.roleOf(pod) !== "leaving"));
    this.#rooms = new Map(inputs.nodes.map((node) => [node.metadata.name, this.#roomOn(node, () => true)]));
  }

  /** Replicas of which every pod has a node already. */
  get present(): number {
    return Math.floor(this.presentPods / this.podsPerReplica);
  }

  /** Replicas that are still to be placed, in whole or in part. */
  get surge(): number {
    return Math.max(0, this.inputs.replicas - this.present);
  }

  /** Replicas of the serving revision. */
  get stableReplicas(): number {
    return this.stable.filter((pod) => !isWorker(pod)).length;
  }

  /** Replicas for which nodes come that do not exist yet. */
  get onNewNodes(): number {
    return Math.floor(this.podsOnNewNodes / this.podsPerReplica);
  }

  /** What the nodes take as things are, in the order of the nodes. */
  get rooms(): readonly NodeRoom[] {
    return [...this.#rooms.values()];
  }

  /** What a node takes once these pods are gone. */
  roomWithout(node: string, gone: ReadonlySet<Pod>): number {
    const found = this.inputs.nodes.find(({ metadata }) => metadata.name === node);
    return found === undefined ? 0 : this.#roomOn(found, (pod) => !gone.has(pod)).fits;
  }

  /** How many of the replicas to come find room once these pods are gone. */
  fitWithout(gone: readonly Pod[]): Fit {
    const touched = new Set(gone.map(({ spec }) => spec?.nodeName));
    const goneSet = new Set(gone);
    const rooms = this.inputs.nodes.map((node) => {
      const room = this.#rooms.get(node.metadata.name);
      return room === undefined || touched.has(node.metadata.name)
        ? this.#roomOn(node, (pod) => !goneSet.has(pod))
        : room;
    });
    const wanted = Math.max(0, this.inputs.replicas * this.podsPerReplica - this.presentPods);
    const onNodes = rooms.reduce((sum, { fits }) => sum + fits, 0) + this.podsOnNewNodes;
    const allowed = this.allowedWithout(gone);
    const pods = Math.min(wanted, onNodes, allowed.fits);
    const fits = pods === wanted ? this.surge : Math.floor(pods / this.podsPerReplica);
    const isBounded = allowed.fits < wanted && allowed.fits <= onNodes;
    return { fits, rooms, ...(isBounded && allowed.why !== undefined ? { why: allowed.why } : {}) };
  }

  /** How many more pods the namespace lets in once these are gone. */
  allowedWithout(gone: readonly Pod[]): QuotaRoom {
    if (this.#forbidden !== undefined) return { fits: 0, why: `a LimitRange forbids the pod: ${this.#forbidden}` };
    const freed = [...this.#freed, ...gone].flatMap(({ spec }) => spec ?? []);
    return quotaRoom(this.inputs.limits?.quotas ?? [], this.asked.spec, freed);
  }

  #roomOn(node: Node, stays: (pod: Pod) => boolean): NodeRoom {
    const held = (this.held.get(node.metadata.name) ?? []).filter(stays).flatMap(({ spec }) => spec ?? []);
    return roomOn(node, held, this.asked);
  }
}
