import type { NodePoolConfig } from "../../config/node-pool-config.ts";
import { gpusPerPod } from "../../config/replica-pods.ts";
import type { StackConfig } from "../../config/stack-config.ts";
import { DeployError } from "../../core/errors.ts";
import type { InspectNodesResult, PoolNode } from "../../core/pool-node.ts";
import { findGpu, type Gpu, gpuWith } from "./gpus.ts";
import { keye30b } from "./keye-30b.ts";
import { memoryArgumentsOf } from "./memory-arguments.ts";
import { judge } from "./verdict.ts";
import { whole } from "./wording.ts";

/** What the planner says of a stack's settings, a sentence or two for each node pool that is not well. */
export interface PlanProblems {
  /** The engine cannot load. */
  readonly refused: readonly string[];
  /** It loads, and may refuse long prompts or run out of memory. */
  readonly warned: readonly string[];
}

/** The architecture that the catalogue's numbers are for. */
const plannedArchitecture = "KeyeVL2MoeForConditionalGeneration";

/**
 * Judges the settings on the smallest GPU of each pool that they fit in: that of the nodes which were found, as their labels
 * say, else that of the products which the pool accepts. Says nothing about a pool whose GPUs it does not know, nor about a
 * stack that expects another architecture.
 */
export function planProblems(config: StackConfig, found: InspectNodesResult["pools"]): PlanProblems {
  if (config.gate.expect.architecture !== plannedArchitecture) return { refused: [], warned: [] };
  const judged = config.nodePools.flatMap((pool) => {
    const nodes = found.find(({ name }) => name === pool.name)?.nodes ?? [];
    const gpu = smallestGpu(pool, nodes);
    return gpu === undefined || pool.gpusPerNode < gpusPerPod(config.engine) ? [] : [judgePool(config, pool, gpu)];
  });
  const sentences = (kind: string) => judged.filter((one) => one.kind === kind).map(({ text }) => text);
  return { refused: sentences("cannot load"), warned: sentences("tight") };
}

function judgePool({ engine }: StackConfig, pool: NodePoolConfig, { name, memoryMiB }: Gpu) {
  const args = memoryArgumentsOf(engine);
  const { verdict } = judge({ shape: keye30b.shape, memoryMiB: memoryMiB.value, args });
  const where = `${pool.name}: ${name} (${whole(memoryMiB.value)} MiB), tpSize ${args.tpSize}`;
  return { kind: verdict.kind, text: `${where}: ${verdict.reason} ${verdict.cure ?? ""}`.trimEnd() };
}

/**
 * The GPU with the least memory among the nodes' labels, else among the accepted products that are known; among both where
 * further nodes may come.
 */
export function smallestGpu(pool: NodePoolConfig, nodes: readonly PoolNode[]): Gpu | undefined {
  const ofNodes = nodes.flatMap(({ labels }) => {
    const memory = Number(labels["nvidia.com/gpu.memory"] ?? 0);
    return memory > 0 ? [gpuWith(labels["nvidia.com/gpu.product"] ?? "GPU", memory)] : [];
  });
  const ofProducts = pool.gpuProducts.flatMap((product) => findGpu(product) ?? []);
  const isComplete = pool.provider === "existing" && ofNodes.length > 0;
  const candidates = isComplete ? ofNodes : [...ofNodes, ...ofProducts];
  return candidates.toSorted((a, b) => a.memoryMiB.value - b.memoryMiB.value)[0];
}

/** The one error for all pools that the engine cannot load on: `CONFIG_INVALID`. */
export function planError(refused: readonly string[]): DeployError {
  return new DeployError({
    code: "CONFIG_INVALID",
    where: "engine",
    message: `The engine cannot load. ${refused.join(" ")} Nothing was created.`,
    hint: "See what fits: keye plan",
  });
}
