/** What the simulator knows of a checkpoint. */
export interface Model {
  readonly architecture: string;
  readonly modelType: string;
  /** Tokens: `max_position_embeddings` of the config. */
  readonly contextLength: number;
  readonly layers: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Whether its layers pick keys with an indexer (`sa_config`), which has a cache of its own. */
  readonly hasIndexer: boolean;
  /** Parameters, in billions, that are split over the tensor parallel ranks. */
  readonly shardedBillions: number;
  /** Parameters, in billions, that each rank holds in full: ViT, projector, indexers, router. */
  readonly replicatedBillions: number;
  /** Files of the checkpoint; the log counts them. */
  readonly shards: number;
  /** GiB that capturing the CUDA graphs takes on one GPU. */
  readonly graphGib: number;
}

/**
 * Keye-VL-2.0-30B-A3B. The sizes are those of Qwen3-30B-A3B plus the ViT and the sparse indexers, since the branch itself
 * holds no numbers; the checkpoint's own `config.json` would replace them.
 */
export const keye30b: Model = {
  architecture: "KeyeVL2MoeForConditionalGeneration",
  modelType: "KeyeVL2",
  contextLength: 262_144,
  layers: 48,
  queryHeads: 32,
  kvHeads: 4,
  headDim: 128,
  hasIndexer: true,
  shardedBillions: 30.517,
  replicatedBillions: 0.557,
  shards: 13,
  graphGib: 2.6,
};

/** The dense model of random weights that the recordings were made with. */
const keyeTiny: Model = {
  architecture: "KeyeVL2ForConditionalGeneration",
  modelType: "KeyeVL2",
  contextLength: 32_768,
  layers: 2,
  queryHeads: 4,
  kvHeads: 2,
  headDim: 16,
  hasIndexer: false,
  shardedBillions: 0.0095,
  replicatedBillions: 0.001,
  shards: 1,
  graphGib: 0.13,
};

/**
 * The checkpoint behind `--model-path`, or undefined where there is none. An absolute path is taken to be mounted, since
 * the simulator sees no file system of the pod; a hub id must name a Keye-VL 2 model and is lost with `HF_HUB_OFFLINE`.
 */
export function findModel(path: string, env: Readonly<Record<string, string>>): Model | undefined {
  const model = /tiny-random/i.test(path) ? keyeTiny : keye30b;
  if (path.startsWith("/")) return model;
  const isOffline = ["1", "true", "yes", "on"].includes((env.HF_HUB_OFFLINE ?? "").toLowerCase());
  return /^[\w.-]+\/[\w.-]*Keye-VL-2[\w.-]*$/i.test(path) && !isOffline ? model : undefined;
}

/** Compute capability 9: the fork's sparse attention runs there and nowhere else. */
export function isHopper(product: string): boolean {
  return /H(800|100|200|20)\b/i.test(product.replaceAll("-", " "));
}
