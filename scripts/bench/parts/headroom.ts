import { appLabel, gpuResource, revisionLabel } from "../../../infra/core/names.ts";
import { Headroom } from "../../../infra/status/headroom/headroom.ts";
import { headroomLines } from "../../../infra/status/headroom/report.ts";
import { rolesIn } from "../../../infra/status/headroom/roles.ts";
import { tryStrategies } from "../../../infra/status/headroom/strategies.ts";
import type { Node, Pod, PodSpec } from "../../../infra/status/objects.ts";
import type { BenchPart } from "../part.ts";

const nodeCount = 5_000;
const podsPerNode = 10;
const replicas = 100;
const rounds = 5;
const [stable, next] = ["aaaaaaaaaa", "bbbbbbbbbb"];

/** What the planner takes on a cluster as large as Kubernetes is made for. */
export const headroom: BenchPart = {
  name: "headroom",
  measures: "the headroom planner on 5,000 nodes; needs no cluster",
  async run(bench) {
    const nodes = Array.from({ length: nodeCount }, (_, index) => nodeOf(`h800-${index}`));
    const others = nodes.flatMap((node) => Array.from({ length: podsPerNode - 1 }, (_, index) => podOf(node, index)));
    // The last GPUs of a hundred nodes are the old revision's; nothing else is free.
    const old = nodes.slice(-replicas).map((node) => ({ ...podOf(node, 0), ...ofStable(node) }));
    const filled = nodes.slice(0, -replicas).map((node) => podOf(node, podsPerNode));
    const pods = [...others, ...filled, ...old];
    const times = Array.from({ length: rounds }, () => timed(() => planOf(nodes, pods)));
    const median = times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
    const choice = planOf(nodes, pods);
    if (choice !== "canary") throw new Error(`the planner chose ${choice} on a full cluster`);
    const remark = `(${pods.length} pods, ${replicas} replicas to replace one by one; median of ${rounds})`;
    bench.row(`headroom planner, ${nodeCount} nodes`, `${Math.round(median)} ms`, remark);
  },
};

function planOf(nodes: readonly Node[], pods: readonly Pod[]): string | undefined {
  const roleOf = rolesIn({ namespace: "keye", app: "keye", revision: next, active: stable });
  const limits = { quotas: [], ranges: [] };
  const plan = new Headroom({ nodes, pods, limits, candidate: engine, replicas, roleOf });
  const strategies = tryStrategies(plan);
  headroomLines(plan, strategies);
  return strategies.choice;
}

function timed(act: () => unknown): number {
  const begun = performance.now();
  act();
  return performance.now() - begun;
}

const engine: PodSpec = {
  nodeSelector: { pool: "h800" },
  tolerations: [{ key: gpuResource, operator: "Exists" }],
  containers: [{ name: "engine", resources: { requests: { cpu: "16", memory: "192Gi", [gpuResource]: "2" } } }],
};

function nodeOf(name: string): Node {
  const allocatable = { pods: "110", cpu: "192", memory: "2015Gi", "ephemeral-storage": "3500Gi", [gpuResource]: "8" };
  return {
    metadata: { name, labels: { pool: "h800" } },
    spec: { taints: [{ key: gpuResource, value: "present", effect: "NoSchedule" }] },
    status: { allocatable, conditions: [{ type: "Ready", status: "True" }] },
  };
}

/** Six of the first nine pods of a node hold a GPU each; the tenth holds two. */
function podOf({ metadata }: Node, index: number): Pod {
  const gpus = index === podsPerNode ? "2" : index < 6 ? "1" : "0";
  const requests = { cpu: "500m", memory: "4Gi", [gpuResource]: gpus };
  return {
    metadata: { name: `pod-${index}`, namespace: "team" },
    spec: { nodeName: metadata.name, containers: [{ name: "main", resources: { requests } }] },
    status: { phase: "Running" },
  };
}

function ofStable({ metadata }: Node): Pick<Pod, "metadata" | "spec"> {
  const labels = { [appLabel]: "keye", [revisionLabel]: stable };
  return {
    metadata: { name: `keye-${stable}-${metadata.name}`, namespace: "keye", labels },
    spec: { ...engine, nodeName: metadata.name },
  };
}
