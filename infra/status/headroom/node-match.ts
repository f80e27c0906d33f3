import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Taint, Toleration } from "../objects.ts";

const unschedulable: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** Whether the pod's node selector and required node affinity accept the node. */
export function isWanted(node: Node, spec: PodSpec): boolean {
  const labels = node.metadata.labels ?? {};
  const isSelected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return isSelected && (required === undefined || required.nodeSelectorTerms.some((term) => meets(node, term)));
}

/** Why nothing new comes to the node whatever is free on it, in words; undefined where it is open to the pod. */
export function closedReason(node: Node, { tolerations = [] }: PodSpec): string | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") return "not ready";
  if (node.spec?.unschedulable === true && !isTolerated(unschedulable, tolerations)) return "cordoned";
  const taint = node.spec?.taints?.find(
    (one) => (one.effect === "NoSchedule" || one.effect === "NoExecute") && !isTolerated(one, tolerations),
  );
  if (taint === undefined) return undefined;
  return `taint ${taint.key}${taint.value ? `=${taint.value}` : ""}:${taint.effect}`;
}

/** @see k8s.io/api v0.36, core/v1/toleration.go, ToleratesTaint */
function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return tolerations.some(({ key = "", operator = "", value = "", effect = "" }) => {
    if (effect !== "" && effect !== taint.effect) return false;
    if (key !== "" && key !== taint.key) return false;
    if (operator === "Exists") return true;
    return (operator === "" || operator === "Equal") && value === (taint.value ?? "");
  });
}

/** A term without requirements is met by no node. */
function meets(node: Node, { matchExpressions = [], matchFields = [] }: NodeSelectorTerm): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  const fields = { "metadata.name": node.metadata.name };
  return (
    matchExpressions.every((requirement) => isMet(requirement, labels)) &&
    matchFields.every((requirement) => isMet(requirement, fields))
  );
}

/** @see k8s.io/apimachinery v0.36, labels/selector.go, Requirement.Matches */
function isMet(
  { key, operator, values = [] }: NodeSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const label = labels[key];
  switch (operator) {
    case "In":
      return label !== undefined && values.includes(label);
    case "NotIn":
      return label === undefined || !values.includes(label);
    case "Exists":
      return label !== undefined;
    case "DoesNotExist":
      return label === undefined;
    case "Gt":
    case "Lt":
      return isOnSide(operator, label, values[0]);
    default:
      return false;
  }
}

function isOnSide(side: "Gt" | "Lt", label = "", bound = ""): boolean {
  const whole = /^[+-]?\d+$/;
  if (!whole.test(label) || !whole.test(bound)) return false;
  return side === "Gt" ? BigInt(label) > BigInt(bound) : BigInt(label) < BigInt(bound);
}
