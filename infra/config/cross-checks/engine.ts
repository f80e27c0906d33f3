import { parseQuantity } from "../../core/quantity.ts";
import type { CrossCheck, Finding } from "../cross-check.ts";
import type { StackConfig } from "../stack-config.ts";

/** Heads of the model's attention: tensor parallelism splits them over the GPUs. */
const queryHeads = 32;
const keyValueHeads = 4;

/** Rules about the engine's size. */
export const engineChecks: readonly CrossCheck[] = [
  {
    name: "tp-divides-heads",
    sentence:
      "`engine.tpSize` is 1, 2 or 4: the model's 32 attention heads and 4 KV heads are split evenly over the GPUs.",
    reads: ["engine.tpSize"],
    find: tpDividesHeads,
  },
  {
    name: "tp-fits-node",
    sentence: "`engine.tpSize` is at most `gpusPerNode` of one node pool: a replica is one pod.",
    reads: ["engine.tpSize", "nodePools[].name", "nodePools[].gpusPerNode"],
    find: tpFitsNode,
  },
  {
    name: "shm-in-memory",
    sentence: "`engine.resources.shm` is smaller than `engine.resources.memory`, which it counts against.",
    reads: ["engine.resources.shm", "engine.resources.memory"],
    find: shmInMemory,
  },
];

/** sglang keye-vl-v2-30b-release: srt/distributed/utils.py `divide`, srt/layers/attention/keye_sa_backend.py. */
function tpDividesHeads({ engine }: StackConfig): readonly Finding[] {
  const { tpSize } = engine;
  const path = "engine.tpSize";
  if (queryHeads % tpSize !== 0) {
    const why = `the model's ${queryHeads} attention heads cannot be split evenly over ${tpSize} GPUs (the server stops with "${queryHeads} is not divisible by ${tpSize}")`;
    return [{ path, message: `got ${tpSize}, wanted 1, 2 or 4: ${why}.`, hint: "Use 2, as the authors do." }];
  }
  if (keyValueHeads % tpSize !== 0) {
    const why = `the model's ${keyValueHeads} KV heads cannot be split over ${tpSize} GPUs, and keye_sa divides by zero after loading (the server stops with "integer modulo by zero")`;
    const hint = "Use 2 or 4 and raise replicas to serve more.";
    return [{ path, message: `got ${tpSize}, wanted 1, 2 or 4: ${why}.`, hint }];
  }
  return [];
}

function tpFitsNode({ engine, nodePools }: StackConfig): readonly Finding[] {
  const { tpSize } = engine;
  if (nodePools.some((pool) => pool.gpusPerNode >= tpSize)) return [];
  const pools = nodePools.map((pool) => `${pool.name} has ${pool.gpusPerNode} a node`).join(", ");
  const message = `a replica needs ${tpSize} GPUs in one node, and no node pool has that many: ${pools}.`;
  return [{ path: "engine.tpSize", message, hint: "Lower engine.tpSize, or add a node pool with larger nodes." }];
}

function shmInMemory({ engine }: StackConfig): readonly Finding[] {
  const { shm, memory } = engine.resources;
  if ((parseQuantity(shm) ?? 0) < (parseQuantity(memory) ?? 0)) return [];
  const message = `got ${shm} of shared memory in a pod of ${memory}, wanted less: it counts against the pod's memory.`;
  return [
    { path: "engine.resources.shm", message, hint: "Raise engine.resources.memory; the defaults are 32Gi in 192Gi." },
  ];
}
