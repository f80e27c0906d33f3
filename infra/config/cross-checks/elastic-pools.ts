import { parseQuantity } from "../../core/quantity.ts";
import type { CrossCheck, Finding } from "../cross-check.ts";
import type {
  AlicloudPoolConfig,
  ClusterApiPoolConfig,
  KarpenterPoolConfig,
  NodePoolConfig,
} from "../node-pool-config.ts";
import { elasticPools } from "../pool-labels.ts";
import { stepInto } from "../problem.ts";
import { gpusPerPod } from "../replica-pods.ts";
import type { StackConfig } from "../stack-config.ts";

/** Rules about pools whose nodes are made. */
export const elasticPoolChecks: readonly CrossCheck[] = [
  {
    name: "pool-sizes",
    sentence: "`minNodes` of a pool that Cluster API or Alibaba Cloud makes is at most its `maxNodes`.",
    reads: ["nodePools"],
    find: ({ nodePools }) => [
      ...forEach(nodePools, "clusterApi", poolSizes),
      ...forEach(nodePools, "alicloud", poolSizes),
    ],
  },
  {
    name: "labels-handed-on",
    sentence:
      "`labels` of a pool that Cluster API makes belong to `node-role.kubernetes.io`, `node-restriction.kubernetes.io` or `node.cluster.x-k8s.io`: no others reach the nodes.",
    reads: ["nodePools"],
    find: ({ nodePools }) => forEach(nodePools, "clusterApi", labelsHandedOn),
  },
  {
    name: "references-of-kind",
    sentence:
      "A pool that Cluster API makes refers to templates as MachineDeployment, and as MachinePool to objects of its own, which no other pool refers to.",
    reads: ["nodePools"],
    find: ({ nodePools }) => [...forEach(nodePools, "clusterApi", referencesOfKind), ...sharedReferences(nodePools)],
  },
  {
    name: "capacity-holds-engine",
    sentence: "`capacity` of a pool that Cluster API makes holds `engine.resources`.",
    reads: ["nodePools", "engine.resources"],
    find: capacityHoldsEngine,
  },
  {
    name: "karpenter-keys",
    sentence:
      "`requirements` and `labels` of a pool that Karpenter makes have no key that Karpenter, another setting or the GPU's own discovery decides.",
    reads: ["nodePools"],
    find: ({ nodePools }) => forEach(nodePools, "karpenter", karpenterKeys),
  },
  {
    name: "karpenter-values",
    sentence:
      "A requirement has values for In and NotIn, one whole number for Gt and Lt, and none for Exists and DoesNotExist.",
    reads: ["nodePools"],
    find: ({ nodePools }) => forEach(nodePools, "karpenter", karpenterValues),
  },
  {
    name: "elastic-room",
    sentence: "Where all pools are made, `replicas` find room on `maxNodes` nodes of each.",
    reads: ["nodePools", "engine.tpSize", "engine.nodesPerReplica", "replicas"],
    find: elasticRoom,
  },
  {
    name: "weights-on-new-nodes",
    sentence: "Weights that Jobs fetch onto each node's disk need pools of existing nodes: a new node has none.",
    reads: ["nodePools", "model.weights", "model.volume"],
    find: weightsOnNewNodes,
  },
];

type PoolOf<P extends NodePoolConfig["provider"]> = Extract<NodePoolConfig, { readonly provider: P }>;

function forEach<P extends NodePoolConfig["provider"]>(
  pools: readonly NodePoolConfig[],
  provider: P,
  find: (pool: PoolOf<P>, path: string) => readonly Finding[],
): readonly Finding[] {
  return pools.flatMap((pool, index) => (isOf(pool, provider) ? find(pool, stepInto("nodePools", index)) : []));
}

function isOf<P extends NodePoolConfig["provider"]>(pool: NodePoolConfig, provider: P): pool is PoolOf<P> {
  return pool.provider === provider;
}

function poolSizes(
  { minNodes, maxNodes }: ClusterApiPoolConfig | AlicloudPoolConfig,
  path: string,
): readonly Finding[] {
  if (minNodes <= maxNodes) return [];
  const message = `got ${maxNodes}, wanted at least ${minNodes}, which is minNodes.`;
  return [{ path: `${path}.maxNodes`, message, hint: "Raise maxNodes or lower minNodes." }];
}

/** @see sigs.k8s.io/cluster-api v1.14, util/labels/helpers.go, GetManagedLabels */
const handedOn = /^(node-role\.kubernetes\.io|([^/]+\.)?(node-restriction\.kubernetes\.io|node\.cluster\.x-k8s\.io))\//;

function labelsHandedOn({ labels }: ClusterApiPoolConfig, path: string): readonly Finding[] {
  return Object.keys(labels).flatMap((key) => {
    if (handedOn.test(key)) return [];
    const message = "is not handed on from machines to nodes.";
    const hint = "Use a key such as team.node.cluster.x-k8s.io/name, or let the bootstrap template label the nodes.";
    return [{ path: stepInto(`${path}.labels`, key), message, hint }];
  });
}

/** @see sigs.k8s.io/cluster-api v1.14, docs/book, contracts of InfraMachine and InfraMachinePool: templates end in Template */
function referencesOfKind({ kind, bootstrap, infrastructure }: ClusterApiPoolConfig, path: string): readonly Finding[] {
  return Object.entries({ bootstrap, infrastructure }).flatMap(([setting, ref]) => {
    const isTemplate = ref.kind.endsWith("Template");
    if (isTemplate === (kind === "MachineDeployment")) return [];
    const why = isTemplate
      ? "a MachinePool refers to objects of its own, not to templates."
      : "a MachineDeployment makes machines from templates.";
    const hint = isTemplate
      ? "Name an object such as a KubeadmConfig, or set kind to MachineDeployment."
      : "Name a template such as a KubeadmConfigTemplate, or set kind to MachinePool.";
    return [{ path: `${path}.${setting}.kind`, message: `got ${ref.kind}: ${why}`, hint }];
  });
}

/** What a MachinePool refers to is its own, and goes with it: Cluster API lets no second one have it. */
function sharedReferences(nodePools: readonly NodePoolConfig[]): readonly Finding[] {
  const owners = new Map<string, string>();
  return forEach(nodePools, "clusterApi", ({ name, kind, namespace, bootstrap, infrastructure }, path) => {
    if (kind !== "MachinePool") return [];
    return Object.entries({ bootstrap, infrastructure }).flatMap(([setting, ref]) => {
      const key = JSON.stringify([namespace, ref.apiGroup, ref.kind, ref.name]);
      const owner = owners.get(key);
      owners.set(key, owner ?? name);
      if (owner === undefined) return [];
      const message = `${ref.kind} ${ref.name} is already that of pool "${owner}".`;
      return [{ path: `${path}.${setting}.name`, message, hint: "Give each MachinePool objects of its own." }];
    });
  });
}

/** An autoscaler that knows of less room than a pod wants makes no node for it. */
function capacityHoldsEngine({ nodePools, engine }: StackConfig): readonly Finding[] {
  return forEach(nodePools, "clusterApi", ({ capacity }, path) =>
    (["cpu", "memory"] as const).flatMap((resource) => {
      const wanted = engine.resources[resource];
      if ((parseQuantity(capacity[resource]) ?? 0) >= (parseQuantity(wanted) ?? 0)) return [];
      const message = `got ${capacity[resource]}, wanted at least ${wanted}, which is engine.resources.${resource}.`;
      const hint = "The autoscaler makes no node for a pod that would not fit.";
      return [{ path: `${path}.capacity.${resource}`, message, hint }];
    }),
  );
}

/** @see sigs.k8s.io/karpenter v1.15, pkg/apis/crds/karpenter.sh_nodepools.yaml and scheduling/nodeclaimtemplate.go */
function karpenterKeys({ labels, requirements, topology }: KarpenterPoolConfig, path: string): readonly Finding[] {
  const places = [
    ...Object.keys(labels).map((key) => ({ key, path: stepInto(`${path}.labels`, key) })),
    ...requirements.map(({ key }, index) => ({ key, path: `${path}.requirements[${index}].key` })),
  ];
  return places.flatMap((place) => {
    const why = decidedElsewhere(place.key, topology?.label);
    return why === undefined ? [] : [{ path: place.path, ...why }];
  });
}

function decidedElsewhere(key: string, topologyLabel: string | undefined): Omit<Finding, "path"> | undefined {
  const setBy = (setting: string) => ({ message: `${key} is decided by ${setting}.`, hint: "Leave it out here." });
  if (key === "karpenter.sh/capacity-type") return setBy("spot");
  if (key === "node.kubernetes.io/instance-type") return setBy("instanceTypes");
  if (key === topologyLabel) return setBy("topology");
  if (key.startsWith("nvidia.com/")) {
    const message = `${key} is found out on the node: Karpenter would write it there unproven, and choose no machine by it.`;
    return { message, hint: "Choose machines by instanceTypes; gpuProducts is checked once they run." };
  }
  if (/^([^/]+\.)?karpenter\.sh\//.test(key) || key === "kubernetes.io/hostname") {
    return { message: `${key} is written by Karpenter alone.`, hint: "Use a key of your own." };
  }
  return undefined;
}

function karpenterValues({ requirements }: KarpenterPoolConfig, path: string): readonly Finding[] {
  return requirements.flatMap(({ operator, values }, index) => {
    const wanted = valuesWanted(operator, values);
    if (wanted === undefined) return [];
    const message = `got ${values.length === 0 ? "none" : values.join(", ")} for ${operator}, wanted ${wanted}.`;
    return [{ path: `${path}.requirements[${index}].values`, message }];
  });
}

function valuesWanted(
  operator: KarpenterPoolConfig["requirements"][number]["operator"],
  values: readonly string[],
): string | undefined {
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length > 0 ? undefined : "at least one";
    case "Gt":
    case "Lt":
      return values.length === 1 && /^\d+$/.test(values[0] ?? "") ? undefined : "one whole number";
    case "Exists":
    case "DoesNotExist":
      return values.length === 0 ? undefined : "none";
    default:
      return operator satisfies never;
  }
}

function elasticRoom({ nodePools, engine, replicas }: StackConfig): readonly Finding[] {
  const pools = elasticPools(nodePools);
  if (pools.length < nodePools.length) return [];
  const ofPool = (gpus: number) => Math.floor(gpus / gpusPerPod(engine));
  const pods = pools.reduce((sum, pool) => sum + pool.maxNodes * ofPool(pool.gpusPerNode), 0);
  const room = Math.floor(pods / engine.nodesPerReplica);
  if (room >= replicas) return [];
  const message = `${replicas} replicas of ${engine.tpSize} GPUs are wanted, and the pools hold ${room} at their largest.`;
  return [{ path: "replicas", message, hint: "Raise maxNodes, or lower replicas." }];
}

function weightsOnNewNodes({ nodePools, model }: StackConfig): readonly Finding[] {
  if (model.weights === undefined || model.volume?.kind !== "hostPath") return [];
  const [pool] = elasticPools(nodePools);
  if (pool === undefined) return [];
  const message = `weights are fetched onto the disk of each node that exists, and pool "${pool.name}" makes new ones without them.`;
  return [{ path: "model.volume", message, hint: "Use a claim that all nodes share: model.volume with kind pvc." }];
}
