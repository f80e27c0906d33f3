import type { ClusterApiPoolConfig, TemplateRef } from "../../config/node-pool-config.ts";
import { memberLabels } from "../../config/pool-labels.ts";
import type { KubernetesObject } from "../../core/kubernetes-object.ts";
import { gpuResource } from "../../core/names.ts";
import { ownLabels } from "./own-labels.ts";

const group = "cluster.x-k8s.io";
const capacity = "capacity.cluster-autoscaler.kubernetes.io";

/**
 * The pool as Cluster API's MachineDeployment. It has no `replicas`: a new one begins with the min size of its annotations,
 * and from then on the number is the autoscaler's. `OnDelete`, since a rolling update would drain nodes on which engines
 * serve.
 * @see sigs.k8s.io/cluster-api v1.14, core/config/crd/bases and core/webhooks/admission/machinedeployment.go
 */
export function machineDeployment(pool: ClusterApiPoolConfig): KubernetesObject {
  const { name, namespace, clusterName, version, failureDomain } = pool;
  const ofCluster = { [`${group}/cluster-name`]: clusterName };
  const ofDeployment = { ...ofCluster, [`${group}/deployment-name`]: name };
  return {
    apiVersion: `${group}/v1beta2`,
    kind: "MachineDeployment",
    metadata: { name, namespace, labels: { ...ownLabels, ...ofCluster }, annotations: annotationsOf(pool) },
    spec: {
      clusterName,
      selector: { matchLabels: ofDeployment },
      template: {
        metadata: { labels: { ...pool.labels, ...memberLabels(pool), ...ofDeployment } },
        spec: {
          clusterName,
          ...(version === undefined ? {} : { version }),
          ...(failureDomain === undefined ? {} : { failureDomain }),
          bootstrap: { configRef: refOf(pool.bootstrap) },
          infrastructureRef: refOf(pool.infrastructure),
        },
      },
      rollout: { strategy: { type: "OnDelete" } },
    },
  };
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

function refOf({ apiGroup, kind, name }: TemplateRef): TemplateRef {
  return { apiGroup, kind, name };
}
