import type { Node, PodSpec, Taint } from "../../status/objects.ts";
import { simulatedNodeLabel } from "../control-plane/arguments.ts";
import { type Placeholder, placeholderOf } from "./placeholder.ts";

/** A node of the target as the rehearsal plays it. */
export interface CopiedNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  /** Whether it takes no new pods. Those of the target that run on it do so in the copy too: it is closed after they are there. */
  readonly isClosed: boolean;
  /** What other people's pods hold; absent where there are none. */
  readonly others?: Placeholder;
}

/** Labels that tell what a machine is and where it stands; what else a label says is nobody's business here. */
const keptLabels =
  /^((beta\.|node\.|topology\.|node-role\.)?kubernetes\.io|nvidia\.com|karpenter\.sh|keye-stack\.dev|keye-stack\.node\.cluster\.x-k8s\.io)\//;

/** Written by the rehearsal's own controllers. */
const ownTaints = /^node\.kubernetes\.io\//;

/**
 * One node, with one pod in place of all that others run there. A node counts pods too, so it takes fewer by those that
 * the one stands for. `alsoKept` are the labels that the stack itself asks for.
 */
export function copyNode(
  node: Node,
  place: number,
  { held, alsoKept }: { readonly held: readonly PodSpec[]; readonly alsoKept: ReadonlySet<string> },
): CopiedNode {
  const { name, labels = {} } = node.metadata;
  const { allocatable = {}, capacity = allocatable } = node.status ?? {};
  const kept = Object.entries(labels).filter(([key]) => keptLabels.test(key) || alsoKept.has(key));
  const isReady = node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
  const fewerPods = Math.max(0, held.length - 1);
  return {
    name,
    labels: { ...Object.fromEntries(kept), [simulatedNodeLabel.key]: simulatedNodeLabel.value },
    taints: (node.spec?.taints ?? [])
      .filter(({ key }) => !ownTaints.test(key))
      .map(({ key, value, effect }) => ({ key, effect, ...(value === undefined ? {} : { value }) })),
    capacity,
    allocatable:
      allocatable.pods === undefined
        ? allocatable
        : { ...allocatable, pods: String(Number(allocatable.pods) - fewerPods) },
    isClosed: !isReady || node.spec?.unschedulable === true,
    ...(held.length === 0 ? {} : { others: placeholderOf(`others-${place}`, name, held) }),
  };
}
