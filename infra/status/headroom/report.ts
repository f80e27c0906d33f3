import { freeGpus, type GpuLedger, ledgerLines, ledgerRow, sortedLedger } from "../gpu-ledger.ts";
import type { Fit, Headroom } from "./headroom.ts";
import { canary, type Strategies } from "./strategies.ts";
import { unseenOf } from "./unseen.ts";

/** Why a rollout cannot end on this cluster, as an error says it. */
export interface CapacityRefusal {
  readonly message: string;
  readonly hint: string;
}

/** The nodes that the candidate may run on: who holds their GPUs, and how many more replicas each takes. */
export function headroomLedger({ inputs, rooms, held }: Headroom): GpuLedger {
  const rows = inputs.nodes.flatMap((node, index) => {
    const room = rooms[index];
    if (room === undefined || !room.isWanted) return [];
    const row = ledgerRow(node, held.get(node.metadata.name) ?? [], room.isOpen ? undefined : room.why);
    return [{ ...row, fits: room.fits, ...(room.why === undefined ? {} : { why: room.why }) }];
  });
  return sortedLedger(rows);
}

/** `needs 2 replicas of 2 GPUs each`, and how many of them are there. */
export function needText({ inputs, gpusPerPod, podsPerReplica, present, surge }: Headroom): string {
  const replicas = inputs.replicas === 1 ? "1 replica" : `${inputs.replicas} replicas`;
  const there = present === 0 ? "" : `, ${surge} more than there ${present === 1 ? "is" : "are"}`;
  const gpus = gpusPerPod === 1 ? "1 GPU" : `${gpusPerPod} GPUs`;
  const each = podsPerReplica === 1 ? `${gpus} each` : `${podsPerReplica} pods each with ${gpus} a pod`;
  return `needs ${replicas} of ${each}${there}`;
}

/** What is free on the nodes that the candidate may run on: `8 GPUs are free`. */
export function freeText(headroom: Headroom): string {
  const gpus = freeGpus(headroomLedger(headroom));
  return gpus === 1 ? "1 GPU is free" : `${gpus} GPUs are free`;
}

/** Empty where no pool may grow. */
export function comingText({ inputs, onNewNodes }: Headroom): string {
  return inputs.growth === undefined ? "" : `, and nodes may come for ${onNewNodes} more`;
}

/** Everything that a person should know before the rollout: the ledger, the strategies, what was not looked at. */
export function headroomLines(headroom: Headroom, { answers, choice, because }: Strategies): readonly string[] {
  const ledger = ledgerLines(headroomLedger(headroom));
  const { replicas } = headroom.inputs;
  if (headroom.surge === 0) {
    const all = replicas === 1 ? "The one replica has a node" : `All ${replicas} replicas have a node`;
    return [`${all}; ${freeText(headroom)}.`, ...ledger];
  }
  return [
    `The candidate ${needText(headroom)}; ${freeText(headroom)}${comingText(headroom)}.`,
    ...ledger,
    ...answers.map(
      ({ strategy, isPossible, reason }) => `${strategy}: ${isPossible ? "possible" : "not possible"}, ${reason}.`,
    ),
    choice === undefined ? "No strategy can end." : `auto would choose ${choice}: ${because}.`,
    ...unseenOf(headroom),
  ];
}

/** Why the whole candidate finds no room beside all that serves; undefined where it does. */
export function besideRefusal(headroom: Headroom): CapacityRefusal | undefined {
  return refusalOf(headroom, headroom.fitWithout([]), "");
}

/** Why it finds none even in the place of the old revision; undefined where it does. */
export function recreateRefusal(headroom: Headroom): CapacityRefusal | undefined {
  const { stableReplicas: old } = headroom;
  const once = old === 0 ? "" : ` once the ${old} of the old revision ${old === 1 ? "is" : "are"} gone`;
  return refusalOf(headroom, headroom.fitWithout(headroom.stable), once);
}

/** Why the old revision cannot make room for it pod by pod; undefined where it can. */
export function canaryRefusal(headroom: Headroom): CapacityRefusal | undefined {
  const { isPossible, reason } = canary(headroom);
  if (isPossible || headroom.surge === 0) return undefined;
  const message = `${needText(headroom)}; ${reason} (${freeText(headroom)}${comingText(headroom)}).`;
  return { message, hint: "Free GPUs or add nodes, or set rollout.strategy to recreate." };
}

function refusalOf(headroom: Headroom, { fits, rooms, why }: Fit, once: string): CapacityRefusal | undefined {
  if (fits >= headroom.surge) return undefined;
  const onNodes = Math.floor(rooms.reduce((sum, room) => sum + room.fits, 0) / headroom.podsPerReplica);
  const gpus = freeGpus(headroomLedger(headroom));
  const free = `${gpus} ${gpus === 1 ? "GPU" : "GPUs"} free${once === "" ? "" : " now"})${comingText(headroom)}`;
  return why === undefined
    ? {
        message: `${needText(headroom)}; there is room for ${onNodes}${once} (${free}.`,
        hint: "Free GPUs or add nodes.",
      }
    : {
        message: `${needText(headroom)}; there is room for ${fits}${once} (${why}; ${free}.`,
        hint: "Raise it, or ask for less.",
      };
}
