import type { KarpenterPoolConfig } from "../../config/node-pool-config.ts";
import { memberLabels } from "../../config/pool-labels.ts";
import type { KubernetesObject } from "../../core/kubernetes-object.ts";
import { gpuResource } from "../../core/names.ts";
import { ownLabels } from "./own-labels.ts";

type Requirement = KarpenterPoolConfig["requirements"][number];

/**
 * The pool as Karpenter's NodePool. No node goes while an engine is on it: only empty nodes are consolidated, one at a
 * time, and no node grows too old. Drift is held off by the annotation that the engine's pods carry.
 * @see sigs.k8s.io/karpenter v1.15, pkg/apis/crds/karpenter.sh_nodepools.yaml
 */
export function karpenterNodePool(pool: KarpenterPoolConfig): KubernetesObject {
  const { name, nodeClass, taints } = pool;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name, labels: ownLabels },
    spec: {
      template: {
        metadata: { labels: { ...pool.labels, ...memberLabels(pool) } },
        spec: {
          nodeClassRef: { group: nodeClass.group, kind: nodeClass.kind, name: nodeClass.name },
          requirements: requirementsOf(pool).map(({ key, operator, values }) => ({
            key,
            operator,
            ...(values.length === 0 ? {} : { values }),
          })),
          // Karpenter knows no empty value of a taint: it is left out.
          ...(taints.length === 0 ? {} : { taints: taints.map(withoutEmptyValue) }),
          // Expiry drains a node whatever runs on it.
          expireAfter: "Never",
        },
      },
      limits: { [gpuResource]: String(pool.maxNodes * pool.gpusPerNode) },
      disruption: {
        consolidationPolicy: "WhenEmpty",
        consolidateAfter: `${pool.emptySeconds}s`,
        budgets: [{ nodes: "1" }],
      },
    },
  };
}

/**
 * The GPU product is not among them: Karpenter chooses no machine by a label that it does not know, and would write it on
 * the node unproven. What is asked for by key replaces our own choice of that key.
 */
function requirementsOf({ instanceTypes, spot, topology, requirements }: KarpenterPoolConfig): readonly Requirement[] {
  const ours: readonly Requirement[] = [
    { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
    { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
    { key: "node.kubernetes.io/instance-type", operator: "In", values: instanceTypes },
    { key: "karpenter.sh/capacity-type", operator: "In", values: spot ? ["spot"] : ["reserved", "on-demand"] },
    ...(topology === undefined ? [] : [{ key: topology.label, operator: "In", values: topology.values } as const]),
  ];
  return [...ours.filter(({ key }) => requirements.every((theirs) => theirs.key !== key)), ...requirements];
}

function withoutEmptyValue({ key, value, effect }: KarpenterPoolConfig["taints"][number]) {
  return { key, effect, ...(value === undefined || value === "" ? {} : { value }) };
}
