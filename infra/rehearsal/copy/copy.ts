import { gpuResource } from "../../core/names.ts";
import { groupSizeOf, replicaPods } from "../../status/groups.ts";
import { amountsOf, podRequests } from "../../status/headroom/amounts.ts";
import type { NamespaceLimits } from "../../status/headroom/headroom.ts";
import type { PodRole } from "../../status/headroom/roles.ts";
import type { Node, Pod, PodSpec } from "../../status/objects.ts";
import { hasEnded } from "../../status/pod-facts.ts";
import { copyLimits } from "./copied-limits.ts";
import { type CopiedNode, copyNode } from "./copied-node.ts";
import { gpuPlaceholder, type Placeholder } from "./placeholder.ts";

/** What is copied from, and what of it belongs to the app. */
export interface CopyInputs {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly limits: NamespaceLimits | undefined;
  readonly roleOf: (pod: Pod) => PodRole;
  /** Labels that the stack itself asks for, beside those that tell what a machine is. */
  readonly alsoKept: ReadonlySet<string>;
}

/** A replica that serves on the target, to be made anew. */
export interface ServingReplica {
  /** What each of its pods is: the leader's, where it is a group. */
  readonly pod: PodSpec;
  /** How many pods it is. */
  readonly pods: number;
}

/** A cluster to be played: the same room for the app's pods, and nothing that tells whose the rest is. */
export interface ClusterCopy {
  readonly nodes: readonly CopiedNode[];
  readonly limits: NamespaceLimits;
  /** The app's replicas that serve, which are made anew; empty where none do. */
  readonly serving: readonly ServingReplica[];
  /** Leaves just the room on each node that the serving pods have there, so that the copy's scheduler puts them as they are. */
  readonly moulds: readonly Placeholder[];
  /** How many pods of other people the copy stands for. */
  readonly othersPods: number;
}

/**
 * Copies what decides where pods find room. Other people's pods become one nameless pod a node, with the same requests and
 * host ports; those of the app that do not serve are left out, as a rollout counts their room as free.
 */
export function copyCluster({ nodes, pods, limits, roleOf, alsoKept }: CopyInputs): ClusterCopy {
  const holding = pods.filter((pod) => !hasEnded(pod));
  const others = specsByNode(holding.filter((pod) => roleOf(pod) === "other"));
  const stable = holding.filter((pod) => roleOf(pod) === "stable");
  const serving = specsByNode(stable);
  const own = holding.filter((pod) => roleOf(pod) !== "other").flatMap(({ spec }) => spec ?? []);
  return {
    nodes: nodes.map((node, place) => copyNode(node, place, { held: others.get(node.metadata.name) ?? [], alsoKept })),
    limits: limits === undefined ? { quotas: [], ranges: [] } : copyLimits(limits, own),
    serving: replicaPods(stable).flatMap((pod) =>
      pod.spec === undefined ? [] : [{ pod: pod.spec, pods: groupSizeOf(pod) }],
    ),
    moulds: nodes.flatMap((node, place) => {
      const { name } = node.metadata;
      const taken = [...(others.get(name) ?? []), ...(serving.get(name) ?? [])].reduce(
        (sum, spec) => sum + gpusIn(spec),
        0,
      );
      const spare = (amountsOf(node.status?.allocatable).get(gpuResource) ?? 0) - taken;
      return spare > 0 ? [gpuPlaceholder(`mould-${place}`, name, spare)] : [];
    }),
    othersPods: [...others.values()].flat().length,
  };
}

function gpusIn(spec: PodSpec): number {
  return podRequests(spec).get(gpuResource) ?? 0;
}

function specsByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly PodSpec[]> {
  const specs = pods.flatMap(({ spec }) => spec ?? []);
  return Map.groupBy(specs, ({ nodeName }) => nodeName ?? "");
}
