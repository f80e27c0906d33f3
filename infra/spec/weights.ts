import type { ModelConfig, WeightsConfig } from "../config/stack-config.ts";
import { entryOf, type Lock, weightsKey } from "./lock/lock.ts";
import type { Sha256 } from "./promotion-inputs.ts";

/** Hex digits that name the folder of one version of the weights. */
const folderDigits = 12;

/** The source as `keye hydrate --source` and the lock spell it: `huggingface:OWNER/NAME`, `s3://BUCKET/FOLDER`, `https://…`. */
export function weightsSource(weights: WeightsConfig): string {
  switch (weights.kind) {
    case "huggingface":
    case "modelscope":
      return `${weights.kind}:${weights.repo}`;
    case "s3":
    case "http":
      return weights.url;
    default:
      return weights satisfies never;
  }
}

/** What each source calls its newest state; a bucket and a web server have no other. */
const newest = { huggingface: "main", modelscope: "master", s3: "latest", http: "latest" } as const;

/** What the settings ask for: `model.revision`, or the newest state of the source. */
export function askedRevision({ revision, weights }: ModelConfig): string {
  return revision ?? newest[weights?.kind ?? "huggingface"];
}

/**
 * Folder of one version of the weights, below `model.path`: another version never overwrites the one that serves. Begins
 * the commit where there is one; what is only named gets the hash of source and name.
 */
export function weightsFolder(source: string, revision: string, sha256: Sha256): string {
  const isContent = /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(revision);
  return (isContent ? revision : sha256(`${source}@${revision}`)).slice(0, folderDigits);
}

/**
 * The settings of the model in which nothing can move any more: `revision` is the hub's commit, and `path` is the folder
 * that its files are fetched to and served from. Undefined where the lock lacks the commit, under {@link wantedWeights}.
 */
export function pinWeights(model: ModelConfig, lock: Lock, sha256: Sha256): ModelConfig | undefined {
  if (model.weights === undefined) return model;
  const wanted = wantedWeights(model);
  const revision = wanted === undefined ? askedRevision(model) : entryOf(lock.weights, wanted)?.commit;
  if (revision === undefined) return undefined;
  const folder = weightsFolder(weightsSource(model.weights), revision, sha256);
  return { ...model, revision, path: `${model.path}/${folder}` };
}

/** Key in the lock of the commit that the settings need; undefined where they need none, or say it themselves. */
export function wantedWeights(model: ModelConfig): string | undefined {
  const { weights } = model;
  if (weights?.kind !== "huggingface" && weights?.kind !== "modelscope") return undefined;
  const revision = askedRevision(model);
  return /^[0-9a-f]{40}$/.test(revision) ? undefined : weightsKey(weights.kind, weights.repo, revision);
}
