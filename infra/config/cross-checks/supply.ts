import { parseQuantity } from "../../core/quantity.ts";
import type { CrossCheck, Finding } from "../cross-check.ts";
import type { StackConfig } from "../stack-config.ts";

/** Rules about what is brought to volumes. */
export const supplyChecks: readonly CrossCheck[] = [
  {
    name: "weights-have-place",
    sentence: "`model.weights` needs `model.volume`, which gets them, and `toolsImage`, which fetches them.",
    reads: ["model.weights", "model.volume", "toolsImage"],
    find: weightsHavePlace,
  },
  {
    name: "token-of-hub",
    sentence: "`model.tokenSecret` is for a hub, not for weights from a bucket or a web server.",
    reads: ["model.weights", "model.tokenSecret"],
    find: tokenOfHub,
  },
  {
    name: "claim-holds-weights",
    sentence: "`model.volume.create.size` is at least `model.size`.",
    reads: ["model.volume", "model.size"],
    find: claimHoldsWeights,
  },
  {
    name: "claim-on-several-nodes",
    sentence:
      "`model.volume.create.accessMode` is `ReadWriteMany`, unless `replicas` is 1 and `rollout.strategy` is `recreate`.",
    reads: ["model.volume", "replicas", "rollout.strategy"],
    find: claimOnSeveralNodes,
  },
];

function weightsHavePlace({ model, toolsImage }: StackConfig): readonly Finding[] {
  if (model.weights === undefined) return [];
  const noVolume = {
    path: "model.weights",
    message: "are fetched onto model.volume, and there is none.",
    hint: "Set model.volume: a claim that all nodes share, or a folder on each node.",
  };
  const noTools = {
    path: "model.weights",
    message: "are fetched by a Job that runs toolsImage, and there is none.",
    hint: "Set toolsImage to an image with this project's keye command: repository@sha256:…",
  };
  return [...(model.volume === undefined ? [noVolume] : []), ...(toolsImage === undefined ? [noTools] : [])];
}

function tokenOfHub({ model }: StackConfig): readonly Finding[] {
  const kind = model.weights?.kind;
  if (model.tokenSecret === undefined || (kind !== "s3" && kind !== "http")) return [];
  const message = `is a hub's token, and model.weights come from ${kind}.`;
  const hint = kind === "s3" ? "Name a Secret under model.weights.credentialsSecret." : "Remove it.";
  return [{ path: "model.tokenSecret", message, hint }];
}

function claimHoldsWeights({ model }: StackConfig): readonly Finding[] {
  const { volume, size: wanted } = model;
  if (volume?.kind !== "pvc" || volume.create === undefined) return [];
  const { size } = volume.create;
  if ((parseQuantity(size) ?? 0) >= (parseQuantity(wanted) ?? 0)) return [];
  const message = `got ${size}, wanted at least model.size, ${wanted}.`;
  const hint = "Leave room for two versions: new weights are fetched beside those that serve.";
  return [{ path: "model.volume.create.size", message, hint }];
}

/** Where old and new pods, or several replicas, may run on different nodes, a volume of one node is not enough. */
function claimOnSeveralNodes({ model, replicas, rollout }: StackConfig): readonly Finding[] {
  const { volume } = model;
  if (volume?.kind !== "pvc" || volume.create?.accessMode !== "ReadWriteOnce") return [];
  if (replicas === 1 && rollout.strategy === "recreate") return [];
  const why =
    replicas === 1 ? `${rollout.strategy} may run old and new at once` : `${replicas} replicas may run on as many`;
  return [
    {
      path: "model.volume.create.accessMode",
      message: `got ReadWriteOnce, which one node can mount at a time, and ${why}: the others would wait for ever.`,
      hint: "Choose ReadWriteMany with a StorageClass that has it (a shared file system), or kind hostPath, which keeps a copy on each node.",
    },
  ];
}
