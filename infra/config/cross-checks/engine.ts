import { parseQuantity } from "../../core/quantity.ts";
import type { CrossCheck, Finding } from "../cross-check.ts";
import { gpusPerPod } from "../replica-pods.ts";
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
    name: "nodes-divide-tp",
    sentence: "`engine.nodesPerReplica` divides `engine.tpSize`: every pod of a replica has as many GPUs.",
    reads: ["engine.tpSize", "engine.nodesPerReplica"],
    find: nodesDivideTp,
  },
  {
    name: "tp-fits-node",
    sentence:
      "`engine.tpSize` is at most `gpusPerNode` of one node pool, times `engine.nodesPerReplica`: each pod of a replica is on one node.",
    reads: ["engine.tpSize", "engine.nodesPerReplica", "nodePools[].name", "nodePools[].gpusPerNode"],
    find: tpFitsNode,
  },
  {
    name: "group-name",
    sentence:
      "With `engine.nodesPerReplica` above 1, `name` has 37 characters at most and begins with a letter: the controller makes longer names of it.",
    reads: ["engine.nodesPerReplica", "name"],
    find: groupName,
  },
  {
    name: "groups-are-not-picked",
    sentence:
      "With `engine.nodesPerReplica` above 1, `rollout.strategy` is not `canary`: the cluster always takes the last group away.",
    reads: ["engine.nodesPerReplica", "rollout.strategy"],
    find: groupsAreNotPicked,
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

function nodesDivideTp({ engine: { tpSize, nodesPerReplica } }: StackConfig): readonly Finding[] {
  if (tpSize % nodesPerReplica === 0) return [];
  const message = `got ${nodesPerReplica}, wanted a divisor of engine.tpSize, which is ${tpSize} (the server stops with "tp_size must be divisible by number of nodes").`;
  return [{ path: "engine.nodesPerReplica", message, hint: "Use 1 where a node has enough GPUs." }];
}

function tpFitsNode({ engine, nodePools }: StackConfig): readonly Finding[] {
  const { tpSize, nodesPerReplica } = engine;
  const gpus = gpusPerPod(engine);
  if (nodePools.some((pool) => pool.gpusPerNode >= gpus)) return [];
  const pools = nodePools.map((pool) => `${pool.name} has ${pool.gpusPerNode} a node`).join(", ");
  const whole = nodesPerReplica === 1 ? `a replica needs ${tpSize} GPUs` : `each pod of a replica needs ${gpus} GPUs`;
  const message = `${whole} in one node, and no node pool has that many: ${pools}.`;
  const hint = "Lower engine.tpSize, spread a replica by engine.nodesPerReplica, or add a node pool with larger nodes.";
  return [{ path: "engine.tpSize", message, hint }];
}

/** sigs.k8s.io/lws v0.8.0: a Service and StatefulSets named by the set, whose pods carry `<name>-<group>-<hash>` as a label. */
function groupName({ engine, name }: StackConfig): readonly Finding[] {
  if (engine.nodesPerReplica === 1 || /^[a-z].{0,36}$/.test(name)) return [];
  const message = `got ${name.length} characters beginning with "${name[0]}", wanted 37 at most and a letter first: the names of a group's objects begin with it.`;
  return [{ path: "name", message }];
}

/** sigs.k8s.io/lws v0.8.0: leaders are a StatefulSet, which goes down by its highest ordinal whatever a pod's deletion cost. */
function groupsAreNotPicked({ engine, rollout }: StackConfig): readonly Finding[] {
  if (engine.nodesPerReplica === 1 || rollout.strategy !== "canary") return [];
  const message =
    "a canary takes away one old replica that serves no more, and of groups the cluster always takes the last one.";
  return [{ path: "rollout.strategy", message, hint: "Use blueGreen, recreate or auto." }];
}

function shmInMemory({ engine }: StackConfig): readonly Finding[] {
  const { shm, memory } = engine.resources;
  if ((parseQuantity(shm) ?? 0) < (parseQuantity(memory) ?? 0)) return [];
  const message = `got ${shm} of shared memory in a pod of ${memory}, wanted less: it counts against the pod's memory.`;
  return [
    { path: "engine.resources.shm", message, hint: "Raise engine.resources.memory; the defaults are 32Gi in 192Gi." },
  ];
}
