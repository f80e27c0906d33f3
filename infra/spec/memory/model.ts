import type { Fact } from "./fact.ts";

/** The sizes of a Keye-VL 2 model that decide its memory. */
export interface ModelShape {
  /** Tokens: the longest prompt and answer together that it was made for. */
  readonly contextLength: number;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocabularySize: number;
  /** 1 where input and output share a table of the vocabulary, else 2. */
  readonly embeddingTables: number;
  /** 1 in a dense model, which has no router. */
  readonly experts: number;
  readonly expertsPerToken: number;
  /** Width of one expert, or of a dense model's MLP. */
  readonly expertSize: number;
  /** Heads of the indexer that picks keys for the sparse attention; 0 where there is none. */
  readonly indexerHeads: number;
  readonly indexerHeadDim: number;
  readonly visionLayers: number;
  readonly visionHiddenSize: number;
  readonly visionMlpSize: number;
  /** Pixels along one side. */
  readonly visionImageSize: number;
  readonly visionPatchSize: number;
  readonly visionChannels: number;
  /** Patches along one side that become one token. */
  readonly visionMergeSize: number;
}

/** A {@link ModelShape} in which each number says where it comes from. */
export type ModelFacts = Readonly<Record<keyof ModelShape, Fact>>;

/** A model to plan for. */
export interface Model {
  readonly name: string;
  readonly shape: ModelShape;
  readonly facts: ModelFacts;
}

/** A model from its facts. */
export function modelFrom(name: string, facts: ModelFacts): Model {
  const entries = Object.entries(facts).map(([field, { value }]) => [field, value]);
  // The keys of ModelFacts are those of ModelShape, and every value of a Fact is a number.
  return { name, facts, shape: Object.fromEntries(entries) as ModelShape };
}
