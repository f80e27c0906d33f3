import type { ExistingPoolConfig } from "../config/node-pool-config.ts";
import { poolLabel } from "../core/names.ts";
import type { PoolNode } from "../core/pool-node.ts";

type Taint = PoolNode["taints"][number];

/** The part of a node that a patch sets. */
export interface NodePatchObject {
  readonly apiVersion: "v1";
  readonly kind: "Node";
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly taints: Taint[] };
}

/** One patch of one node. */
export interface NodePatchSpec {
  /** Unique among all patches of the pool. */
  readonly name: string;
  readonly patch: NodePatchObject;
  /** What was patched stays when the patch is removed from the program. */
  readonly isKept: boolean;
}

/**
 * The patches that make nodes members of a pool: labels, and taints where the pool has any.
 *
 * Labels are taken back when a node leaves the pool. `spec.taints` is one value to the API server, owned as a whole: a
 * patch that is taken back would strip the taints of everybody else. So it holds the node's live taints too, and is kept.
 * A taint that is no longer wanted is therefore removed by hand.
 */
export function nodePatches(pool: ExistingPoolConfig, nodes: readonly PoolNode[]): readonly NodePatchSpec[] {
  const node = { apiVersion: "v1", kind: "Node" } as const;
  return nodes.flatMap(({ name, taints }) => {
    const labels = { ...pool.labels, [poolLabel]: pool.name };
    const labelled = {
      name: `${pool.name}-${name}-labels`,
      patch: { ...node, metadata: { name, labels } },
      isKept: false,
    };
    if (pool.taints.length === 0) return [labelled];
    const tainted = {
      name: `${pool.name}-${name}-taints`,
      patch: { ...node, metadata: { name }, spec: { taints: union(taints, pool.taints) } },
      isKept: true,
    };
    return [labelled, tainted];
  });
}

/** All live taints, with those that are wanted in place of their namesakes. Key and effect name a taint. Sorted. */
function union(live: readonly Taint[], wanted: readonly Taint[]): Taint[] {
  const byName = new Map([...live, ...wanted].map((taint) => [`${taint.key}:${taint.effect}`, taint]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, taint]) => taint);
}
