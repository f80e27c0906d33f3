import { memberLabels, selectorOf } from "../../config/pool-labels.ts";
import { gpuResource } from "../../core/names.ts";
import { engineChart, parseManifests, renderChart } from "../../process/helm.ts";
import { chartValues } from "../../spec/chart-values.ts";
import type { PinnedStack } from "../../spec/pinned-stack.ts";
import { podSpecOf, revisionOf } from "../../spec/revision.ts";
import { amountsOf } from "../../status/headroom/amounts.ts";
import { Headroom, type NamespaceLimits } from "../../status/headroom/headroom.ts";
import { type PodRole, rolesIn } from "../../status/headroom/roles.ts";
import { type Strategies, tryStrategies } from "../../status/headroom/strategies.ts";
import type { Node, Pod, PodSpec } from "../../status/objects.ts";

/** A cluster at one moment, with the revision that serves there; `none` where none does. */
export interface PlannedCluster {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly limits: NamespaceLimits | undefined;
  readonly active: string;
}

/** The revision of the settings, rendered: its name and the pod that it asks room for. */
export interface Candidate {
  readonly revision: string;
  readonly podSpec: PodSpec;
}

/** Room for one rollout on one cluster. */
export interface Plan {
  readonly strategies: Strategies;
  /** GPUs of each node that takes pods of the revision to come. */
  readonly gpus: ReadonlyMap<string, number>;
}

/** Renders the chart as an update would. Throws `ENV_HELM`. */
export async function candidateOf(stack: PinnedStack): Promise<Candidate> {
  const { name, namespace } = stack;
  const values = chartValues(stack, "promotion");
  const objects = parseManifests(await renderChart({ chartDir: engineChart, release: name, namespace, values }));
  // The chart has rendered it as the API wants it.
  return { revision: revisionOf(objects), podSpec: podSpecOf(objects) as PodSpec };
}

/** What becomes of pods in a rollout that begins anew: of the app, all but those that serve are on their way out. */
export function rolesOf({ namespace, name }: PinnedStack, active: string): (pod: Pod) => PodRole {
  return rolesIn({ namespace, app: name, active, revision: "" });
}

/** What each strategy comes to on a cluster, by the planner of previews. Nodes that do not exist yet are not counted on. */
export function planOn(stack: PinnedStack, candidate: PodSpec, { active, limits, pods, nodes }: PlannedCluster): Plan {
  const adopted = nodes.map((node) => {
    const { labels = {} } = node.metadata;
    const pools = stack.nodePools.filter((pool) =>
      Object.entries(selectorOf(pool)).every(([key, value]) => labels[key] === value),
    );
    return {
      ...node,
      metadata: { ...node.metadata, labels: Object.assign({ ...labels }, ...pools.map(memberLabels)) },
    };
  });
  const roleOf = rolesOf(stack, active);
  const { replicas, engine } = stack;
  const podsPerReplica = engine.nodesPerReplica;
  const headroom = new Headroom({ nodes: adopted, pods, limits, candidate, replicas, podsPerReplica, roleOf });
  const open = new Set(headroom.rooms.filter(({ isOpen }) => isOpen).map(({ node }) => node));
  const gpusOf = ({ status }: Node) => amountsOf(status?.allocatable).get(gpuResource) ?? 0;
  const counted = nodes.filter(({ metadata }) => open.has(metadata.name));
  return {
    strategies: tryStrategies(headroom),
    gpus: new Map(counted.map((node) => [node.metadata.name, gpusOf(node)])),
  };
}
