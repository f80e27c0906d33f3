import type { Fact } from "./fact.ts";
import { type Model, type ModelFacts, type ModelShape, modelFrom } from "./model.ts";

/** What reading gives: a model, or everything that stands in the way, a sentence each. */
export type ReadModel =
  | { readonly kind: "ok"; readonly model: Model }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

const architectures = ["KeyeVL2MoeForConditionalGeneration", "KeyeVL2ForConditionalGeneration"];
const dtypes = ["bfloat16", "float16"];

type Fields = Readonly<Record<string, unknown>>;

/** A shape's field, where `config.json` has it, and what the engine takes where it has not; no default: it must be there. */
interface Place {
  readonly field: keyof ModelShape;
  readonly path: readonly [string, ...string[]];
  readonly absent?: number;
}

const places: readonly Place[] = [
  { field: "contextLength", path: ["max_position_embeddings"] },
  { field: "layers", path: ["num_hidden_layers"] },
  { field: "hiddenSize", path: ["hidden_size"] },
  { field: "queryHeads", path: ["num_attention_heads"] },
  { field: "kvHeads", path: ["num_key_value_heads"] },
  { field: "vocabularySize", path: ["vocab_size"] },
  { field: "visionLayers", path: ["vision_config", "num_hidden_layers"] },
  { field: "visionHiddenSize", path: ["vision_config", "hidden_size"] },
  { field: "visionMlpSize", path: ["vision_config", "intermediate_size"] },
  { field: "visionImageSize", path: ["vision_config", "image_size"] },
  { field: "visionPatchSize", path: ["vision_config", "patch_size"] },
  { field: "visionChannels", path: ["vision_config", "num_channels"], absent: 3 },
  { field: "visionMergeSize", path: ["vision_config", "spatial_merge_size"], absent: 2 },
];

const expertPlaces: readonly Place[] = [
  { field: "experts", path: ["num_experts"] },
  { field: "expertsPerToken", path: ["num_experts_per_tok"] },
  { field: "expertSize", path: ["moe_intermediate_size"] },
];

const indexerPlaces: readonly Place[] = [
  { field: "indexerHeads", path: ["sa_config", "indexer_num_heads"], absent: 4 },
  { field: "indexerHeadDim", path: ["sa_config", "indexer_head_dim"], absent: 128 },
];

/**
 * Reads a checkpoint's `config.json` as the fork does: text fields at the top, the vision encoder under `vision_config`, the
 * sparse attention under `sa_config`. Reports all problems at once.
 * @see sglang keye-vl-v2-30b-release, `srt/models/keye_topk_mask_moe.py`, `keye_topk_mask.py`, `keye_vit.py`
 */
export function readConfigJson(name: string, config: unknown): ReadModel {
  if (!isFields(config)) return { kind: "problems", problems: ["It holds no JSON object."] };
  const isDense = config.num_experts === undefined;
  const found = [...places, ...(isDense ? [] : expertPlaces), ...(isFields(config.sa_config) ? indexerPlaces : [])].map(
    (place) => ({ place, value: readNumber(config, place) }),
  );
  const problems = [
    ...formProblems(config),
    ...found.flatMap(({ value }) => (typeof value === "string" ? [value] : [])),
  ];
  if (problems.length > 0) return { kind: "problems", problems };
  const read = found.map(({ place, value }) => [place.field, typeof value === "string" ? undefined : value]);
  const facts: Partial<ModelFacts> = Object.fromEntries(read);
  return withRest(name, config, facts);
}

/** Adds what is computed from other fields, or what a model without experts or indexer has in their place. */
function withRest(name: string, config: Fields, facts: Partial<ModelFacts>): ReadModel {
  const dense: Partial<ModelFacts> =
    facts.experts === undefined ? { experts: given(1), expertsPerToken: given(1), ...denseSize(config) } : {};
  const headDim = sizeOf(config.head_dim) ?? (facts.hiddenSize?.value ?? 0) / (facts.queryHeads?.value ?? 1);
  const all = {
    indexerHeads: given(0),
    indexerHeadDim: given(0),
    ...facts,
    ...dense,
    headDim: given(headDim),
    embeddingTables: tablesOf(config),
  };
  if (all.expertSize === undefined) {
    return { kind: "problems", problems: ["intermediate_size is missing, and so is num_experts."] };
  }
  // Every other field of the shape is among the places that were read without a problem.
  return { kind: "ok", model: modelFrom(name, all as ModelFacts) };
}

function denseSize(config: Fields): Partial<ModelFacts> {
  const size = sizeOf(config.intermediate_size);
  return size === undefined ? {} : { expertSize: given(size) };
}

function tablesOf({ tie_word_embeddings: isTied }: Fields): Fact {
  if (typeof isTied === "boolean") return given(isTied ? 1 : 2);
  return { value: 2, basis: "assumed", source: "config.json has no tie_word_embeddings; Qwen3 models do not tie them" };
}

function formProblems(config: Fields): readonly string[] {
  const [architecture] = Array.isArray(config.architectures) ? config.architectures : [];
  const dtype = config.dtype ?? config.torch_dtype;
  return [
    ...(architectures.includes(architecture)
      ? []
      : [`architectures has ${JSON.stringify(architecture)}, wanted ${architectures.join(" or ")}.`]),
    ...(dtypes.includes(String(dtype)) ? [] : [`dtype is ${JSON.stringify(dtype)}, wanted ${dtypes.join(" or ")}.`]),
    ...(config.quantization_config === undefined
      ? []
      : ["quantization_config is there, and only 16-bit weights are counted."]),
    ...(isEvenlyExpert(config)
      ? []
      : ["Some layers have no experts (mlp_only_layers, decoder_sparse_step), which is not counted."]),
  ];
}

function isEvenlyExpert({ mlp_only_layers: dense, decoder_sparse_step: step }: Fields): boolean {
  return (dense === undefined || (Array.isArray(dense) && dense.length === 0)) && (step === undefined || step === 1);
}

function readNumber(config: Fields, { path, absent }: Place): Fact | string {
  const value = path.reduce<unknown>((at, step) => (isFields(at) ? at[step] : undefined), config);
  const size = sizeOf(value);
  if (size !== undefined) return given(size);
  if (value === undefined && absent !== undefined) {
    return {
      value: absent,
      basis: "code",
      source: `the engine's own value where config.json has no ${path.join(".")}`,
    };
  }
  return value === undefined
    ? `${path.join(".")} is missing.`
    : `${path.join(".")} is ${JSON.stringify(value)}, wanted a whole number above 0.`;
}

function sizeOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function given(value: number): Fact {
  return { value, basis: "given", source: "config.json" };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
