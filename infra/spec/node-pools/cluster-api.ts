import type { ClusterApiPoolConfig, ObjectRef } from "../../config/node-pool-config.ts";
import { memberLabels } from "../../config/pool-labels.ts";
import type { KubernetesObject } from "../../core/kubernetes-object.ts";
import { gpuResource } from "../../core/names.ts";
import { ownLabels } from "./own-labels.ts";

const group = "cluster.x-k8s.io";
const capacity = "capacity.cluster-autoscaler.kubernetes.io";

/**
 * The pool as Cluster API's MachineDeployment or MachinePool. It has no `replicas`: a new one begins with the min size of
 * its annotations, and from then on the number is the autoscaler's.
 * @see sigs.k8s.io/cluster-api v1.14, core/config/crd/bases and core/webhooks/admission
 */
export function clusterApiObject(pool: ClusterApiPoolConfig): KubernetesObject {
  const { kind, name, namespace, clusterName } = pool;
  const labels = { ...ownLabels, ...ofCluster(pool) };
  return {
    apiVersion: `${group}/v1beta2`,
    kind,
    metadata: { name, namespace, labels, annotations: annotationsOf(pool) },
    spec: { clusterName, ...(kind === "MachinePool" ? machinePool(pool) : machineDeployment(pool)) },
  };
}

/** `OnDelete`, since a rolling update would drain nodes on which engines serve. */
function machineDeployment(pool: ClusterApiPoolConfig) {
  const ofDeployment = { ...ofCluster(pool), [`${group}/deployment-name`]: pool.name };
  const { failureDomain } = pool;
  return {
    selector: { matchLabels: ofDeployment },
    template: templateOf(pool, ofDeployment, failureDomain === undefined ? {} : { failureDomain }),
    rollout: { strategy: { type: "OnDelete" } },
  };
}

/** How machines are replaced is said to the infrastructure, in the object that is referred to. */
function machinePool(pool: ClusterApiPoolConfig) {
  const { failureDomain } = pool;
  return {
    template: templateOf(pool, {}, {}),
    ...(failureDomain === undefined ? {} : { failureDomains: [failureDomain] }),
  };
}

function templateOf(pool: ClusterApiPoolConfig, labels: object, place: object) {
  const { clusterName, version } = pool;
  return {
    metadata: { labels: { ...pool.labels, ...memberLabels(pool), ...labels } },
    spec: {
      clusterName,
      ...(version === undefined ? {} : { version }),
      ...place,
      bootstrap: { configRef: refOf(pool.bootstrap) },
      infrastructureRef: refOf(pool.infrastructure),
    },
  };
}

function ofCluster({ clusterName }: ClusterApiPoolConfig) {
  return { [`${group}/cluster-name`]: clusterName };
}

/**
 * What the autoscaler goes by: how many nodes, how long one may take, and what a node is like while there is none.
 * @see kubernetes/autoscaler, cluster-autoscaler/cloudprovider/clusterapi/README.md
 */
function annotationsOf(pool: ClusterApiPoolConfig): Readonly<Record<string, string>> {
  const taints = pool.taints.map(taintText).join(",");
  return {
    [`${group}/cluster-api-autoscaler-node-group-min-size`]: String(pool.minNodes),
    [`${group}/cluster-api-autoscaler-node-group-max-size`]: String(pool.maxNodes),
    [`${group}/autoscaling-options-maxnodeprovisiontime`]: `${pool.nodeStartSeconds}s`,
    [`${capacity}/cpu`]: pool.capacity.cpu,
    [`${capacity}/memory`]: pool.capacity.memory,
    [`${capacity}/ephemeral-disk`]: pool.capacity.ephemeralStorage,
    [`${capacity}/gpu-type`]: gpuResource,
    [`${capacity}/gpu-count`]: String(pool.gpusPerNode),
    ...(taints === "" ? {} : { [`${capacity}/taints`]: taints }),
  };
}

function taintText({ key, value, effect }: ClusterApiPoolConfig["taints"][number]): string {
  return value === undefined ? `${key}:${effect}` : `${key}=${value}:${effect}`;
}

function refOf({ apiGroup, kind, name }: ObjectRef): ObjectRef {
  return { apiGroup, kind, name };
}
