import { gpusPerPod } from "../../config/replica-pods.ts";
import type { StackConfig } from "../../config/stack-config.ts";
import { gpuResource } from "../../core/names.ts";
import { parseQuantity } from "../../core/quantity.ts";

/** What one engine pod requests and is limited to, in base units; requests and limits are the same. */
export function enginePodNeeds({ engine }: StackConfig): Readonly<Record<string, number>> {
  return {
    cpu: parseQuantity(engine.resources.cpu) ?? 0,
    memory: parseQuantity(engine.resources.memory) ?? 0,
    [gpuResource]: gpusPerPod(engine),
  };
}

/** What all replicas of one revision take of a quota, by the quota's names. */
export function revisionNeeds(config: StackConfig): Readonly<Record<string, number>> {
  const pods = config.replicas * config.engine.nodesPerReplica;
  const pod = enginePodNeeds(config);
  const ofAll = (resource: string) => (pod[resource] ?? 0) * pods;
  return {
    [`requests.${gpuResource}`]: ofAll(gpuResource),
    cpu: ofAll("cpu"),
    "requests.cpu": ofAll("cpu"),
    "limits.cpu": ofAll("cpu"),
    memory: ofAll("memory"),
    "requests.memory": ofAll("memory"),
    "limits.memory": ofAll("memory"),
    pods,
    "count/pods": pods,
  };
}
