import type { CrossCheck, Finding } from "../cross-check.ts";
import type { ExistingPoolConfig, NodePoolConfig } from "../node-pool-config.ts";
import type { StackConfig } from "../stack-config.ts";

/** Rules about node pools. */
export const nodePoolChecks: readonly CrossCheck[] = [
  {
    name: "pool-names-differ",
    sentence: "Node pools have different names.",
    reads: ["nodePools[].name"],
    find: poolNamesDiffer,
  },
  {
    name: "pools-apart",
    sentence:
      "No two node pools can find the same node: no selector contains another, or finds nodes that another pool makes.",
    reads: ["nodePools"],
    find: poolsApart,
  },
  {
    name: "taints-differ",
    sentence: "Taints of one pool differ in key or effect.",
    reads: ["nodePools[].taints"],
    find: taintsDiffer,
  },
  {
    name: "hopper-products",
    sentence: "`gpuProducts` are Hopper GPUs while `gate.expect.attentionBackend` is `keye_sa`.",
    reads: ["nodePools[].gpuProducts", "gate.expect.attentionBackend"],
    find: hopperProducts,
  },
];

function poolNamesDiffer({ nodePools }: StackConfig): readonly Finding[] {
  const names = nodePools.map((pool) => pool.name);
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (first === index) return [];
    const message = `"${name}" is the name of nodePools[${first}] too.`;
    return [{ path: `nodePools[${index}].name`, message, hint: "Give each pool a name of its own." }];
  });
}

/** A node in two pools would get both pools' labels in turn, at every update. */
function poolsApart({ nodePools }: StackConfig): readonly Finding[] {
  return nodePools.flatMap((pool, index) => {
    if (pool.provider !== "existing") return [];
    const path = `nodePools[${index}].selector`;
    const made = nodePools.find((other) => other.provider !== "existing" && findsMade(pool, other));
    if (made !== undefined) {
      const message = `finds nodes that pool "${made.name}" makes too.`;
      return [{ path, message, hint: "Give the existing nodes a label of their own, and select by that." }];
    }
    const other = nodePools.slice(0, index).find((earlier) => overlaps(earlier, pool));
    if (other === undefined) return [];
    const message = `finds nodes of pool "${other.name}" too: one selector contains the other.`;
    return [{ path, message, hint: "Give both selectors the same label with different values." }];
  });
}

function overlaps(a: NodePoolConfig, b: ExistingPoolConfig): boolean {
  return a.provider === "existing" && (isPartOf(a.selector, b.selector) || isPartOf(b.selector, a.selector));
}

/** Whether a node of the second pool has all labels by which the first one finds its own. */
function findsMade({ selector }: ExistingPoolConfig, made: NodePoolConfig): boolean {
  return Object.entries(selector).every(([key, value]) => {
    if (key === "nvidia.com/gpu.product") return made.gpuProducts.includes(value);
    if (key === made.topology?.label) return made.topology.values.includes(value);
    return made.labels[key] === value;
  });
}

function isPartOf(part: ExistingPoolConfig["selector"], whole: ExistingPoolConfig["selector"]): boolean {
  return Object.entries(part).every(([key, value]) => whole[key] === value);
}

function taintsDiffer({ nodePools }: StackConfig): readonly Finding[] {
  return nodePools.flatMap(({ taints }, pool) =>
    taints.flatMap((taint, index) => {
      const first = taints.findIndex((other) => other.key === taint.key && other.effect === taint.effect);
      if (first === index) return [];
      const message = `has key ${taint.key} and effect ${taint.effect} like taints[${first}]; a node takes that only once.`;
      return [{ path: `nodePools[${pool}].taints[${index}]`, message, hint: "Leave one of them out." }];
    }),
  );
}

const hopper = /(^|-)G?H\d{2,3}/;

/** sglang keye-vl-v2-30b-release, srt/utils/common.py, is_hopper_with_cuda_12_3. */
function hopperProducts({ nodePools, gate }: StackConfig): readonly Finding[] {
  if (gate.expect.attentionBackend !== "keye_sa") return [];
  return nodePools.flatMap(({ gpuProducts }, pool) =>
    gpuProducts.flatMap((product, index) => {
      if (hopper.test(product)) return [];
      const message = `${product} is not a Hopper GPU: the engine runs dense attention there, and the gate expects keye_sa.`;
      const hint = "Use Hopper GPUs such as NVIDIA-H800, or set gate.expect.attentionBackend and pageSize to null.";
      return [{ path: `nodePools[${pool}].gpuProducts[${index}]`, message, hint }];
    }),
  );
}
