import { gpuResource } from "../../core/names.ts";
import type { Node, PodSpec } from "../objects.ts";
import { type Amounts, amountsOf, amountText, plus, podRequests } from "./amounts.ts";
import { hostPortsOf, isPortTaken } from "./host-ports.ts";
import { closedReason, isWanted } from "./node-match.ts";

/** How many more pods of one kind a node takes. */
export interface NodeRoom {
  readonly node: string;
  /** Whether the pod's selector and affinity accept the node at all. */
  readonly isWanted: boolean;
  /** Whether it takes pods of this kind as long as anything is free on it. */
  readonly isOpen: boolean;
  readonly fits: number;
  /** Why it takes none, where that is not for the want of GPUs. */
  readonly why?: string;
}

/** A kind of pod, with what is asked of every node computed once. */
export interface Asked {
  readonly spec: PodSpec;
  readonly requests: Amounts;
}

/** What a pod of this kind asks of a node. */
export function askedOf(spec: PodSpec): Asked {
  return { spec, requests: podRequests(spec) };
}

/**
 * Filters one node as the scheduler does, and counts how many pods pass one after another: they are all alike, so this is
 * what its scarcest resource is enough for. `held` are the pods that are bound to the node and have not ended.
 * @see k8s.io/kubernetes v1.36, pkg/scheduler/framework/plugins: nodeunschedulable, tainttoleration, nodeaffinity,
 * nodeports, noderesources/fit.go
 */
export function roomOn(node: Node, held: readonly PodSpec[], { spec, requests }: Asked): NodeRoom {
  const { name } = node.metadata;
  const none = { node: name, isWanted: true, isOpen: true, fits: 0 };
  if (!isWanted(node, spec)) return { ...none, isWanted: false, isOpen: false };
  const closed = closedReason(node, spec);
  if (closed !== undefined) return { ...none, isOpen: false, why: closed };
  const ports = hostPortsOf(spec);
  if (ports.some((port) => isPortTaken(port, held))) return { ...none, why: "its host port is taken" };
  const scarce = scarcest(node, held, requests);
  if (scarce.fits > 0) return { ...none, fits: ports.length > 0 ? 1 : scarce.fits };
  return scarce.resource === gpuResource ? none : { ...none, why: scarce.text };
}

interface Scarcity {
  readonly resource: string;
  readonly fits: number;
  readonly text: string;
}

/** Of equally scarce resources the GPUs. */
function scarcest(node: Node, held: readonly PodSpec[], requests: Amounts): Scarcity {
  const allocatable = amountsOf(node.status?.allocatable);
  const taken = plus(...held.map(podRequests));
  const wanted = [["pods", 1] as const, ...[...requests].filter(([, amount]) => amount > 0)];
  const found = wanted.map(([resource, amount]): Scarcity => {
    const has = allocatable.get(resource) ?? 0;
    const free = has - (resource === "pods" ? held.length : (taken.get(resource) ?? 0));
    const text = `${resource}: ${amountText(resource, Math.max(0, free))} free, ${amountText(resource, amount)} wanted`;
    return { resource, fits: Math.max(0, Math.floor(free / amount)), text };
  });
  const least = Math.min(...found.map(({ fits }) => fits));
  const scarce = found.filter(({ fits }) => fits === least);
  // "pods" is always among what was found, so one is the least.
  return scarce.find(({ resource }) => resource === gpuResource) ?? (scarce[0] as Scarcity);
}
