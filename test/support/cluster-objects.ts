import { appLabel, revisionLabel } from "../../infra/core/names.ts";
import type { Node, Pod, PodSpec, Taint } from "../../infra/status/objects.ts";

/** How a node differs from an H800 node of eight GPUs that is ready. */
export interface NodeChange {
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly unschedulable?: boolean;
  readonly ready?: string;
}

/** A node of the pool `h800`. */
export function nodeObject(name: string, change: NodeChange = {}): Node {
  const { allocatable, labels, taints = [], unschedulable = false, ready = "True" } = change;
  const whole = { pods: "110", cpu: "192", memory: "2015Gi", "ephemeral-storage": "3500Gi", "nvidia.com/gpu": "8" };
  return {
    metadata: { name, labels: { "keye-stack.dev/pool": "h800", ...labels } },
    spec: { taints, unschedulable },
    status: { allocatable: { ...whole, ...allocatable }, conditions: [{ type: "Ready", status: ready }] },
  };
}

/** The pod spec of an engine of two GPUs. */
export function engineSpec(change: Partial<PodSpec> = {}): PodSpec {
  const amounts = { cpu: "16", memory: "192Gi", "nvidia.com/gpu": "2" };
  return {
    nodeSelector: { "keye-stack.dev/pool": "h800" },
    tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
    containers: [{ name: "engine", resources: { requests: amounts, limits: amounts } }],
    ...change,
  };
}

/** A pod that runs on a node: somebody's in the namespace `team`, or with a revision the app's in `keye`. */
export function boundPod(
  name: string,
  on: string,
  change: { spec?: PodSpec; revision?: string; gpus?: string } = {},
): Pod {
  const { revision, gpus = "2", spec } = change;
  const labels = revision === undefined ? {} : { [appLabel]: "keye", [revisionLabel]: revision };
  const held = { containers: [{ name: "main", resources: { limits: { "nvidia.com/gpu": gpus } } }] };
  return {
    metadata: { name, namespace: revision === undefined ? "team" : "keye", labels },
    spec: { ...(spec ?? held), nodeName: on },
    status: { phase: "Running" },
  };
}
