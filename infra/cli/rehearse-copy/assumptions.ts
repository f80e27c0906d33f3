import type { Target } from "../../cluster/read-target.ts";
import { elasticPools } from "../../config/pool-labels.ts";
import type { StackConfig } from "../../config/stack-config.ts";

/** What a rehearsal was made from. */
export interface RehearsedWith {
  readonly config: StackConfig;
  readonly target: Target;
  readonly speed: number;
  /** Whether the image or the weights are not pinned, so that they stand for whatever the lock will say. */
  readonly isMadeUp: boolean;
  /** Whether the revision that serves is the one of the settings. */
  readonly isSame: boolean;
}

/** What a reader must know to rely on the numbers, one sentence each. */
export function assumptions({ config, target, speed, isMadeUp, isSame }: RehearsedWith): readonly string[] {
  const { nodePools, model, supply, engine } = config;
  return [
    `Engines are played: a start takes what a recorded one on an H100 with a local disk took, at ${speed} times its speed, to about ${2 * speed} s on the target. A slower disk takes longer.`,
    "How long probes and checks take on GPUs is not known here (?), and their latency is not judged.",
    "Soak and drain count with what the settings say, and no client sends requests: draining may take longer.",
    model.weights !== undefined || supply.prePull
      ? "Image and weights are taken to be on nodes and volumes: what brings them takes no GPU and is not rehearsed."
      : "The image is taken to be on the nodes, and the weights where the engine looks for them.",
    "Other people's pods stay as they are, and their labels are not copied: affinity to them is not rehearsed, nor does anybody's priority drive them out.",
    ...(engine.nodesPerReplica === 1
      ? []
      : ["What NCCL needs to connect the pods of a group over the network is not known here, and counts as no time."]),
    ...(isSame ? ["The settings serve there already: they are rehearsed as if they came anew."] : []),
    ...(isMadeUp
      ? ["keye.lock.yaml does not pin everything: a digest was made up, and keye lock is due before an update."]
      : []),
    ...(target.limits === undefined
      ? ["Quotas and LimitRanges of the namespace may not be read, and count as none."]
      : []),
    ...(elasticPools(nodePools).length === 0
      ? []
      : ["Nodes that a pool may still add are not played: the pools are those that exist."]),
    ...(engine.runtimeClassName === undefined
      ? []
      : [`Runtime class ${engine.runtimeClassName} counts without overhead.`]),
  ];
}
