import type { EngineExpectation } from "../../core/probe-spec.ts";
import { firstOf, objectOf } from "../chat.ts";

type JsonObject = Readonly<Record<string, unknown>>;
type Plain = string | number | boolean;

/** What an engine says of itself: `/model_info`, `/server_info`, `/v1/models`. */
export interface SelfDescription {
  readonly model: JsonObject;
  readonly server: JsonObject;
  readonly models: JsonObject;
}

/**
 * Tokens that the engine keeps back from its context length: `max_req_input_len` is at most this much shorter.
 * @see sglang keye-vl-v2-30b-release, srt/managers/tp_worker.py, max_req_input_len
 */
const reservedTokens = 6;

/**
 * Fields of `/server_info` that can be declared, by the name that the engine gives them. Every data parallel rank tells
 * them too, and must agree.
 */
const serverFields: readonly (readonly [field: string, declared: (wanted: EngineExpectation) => Plain | undefined])[] =
  [
    ["model_path", (wanted) => wanted.modelPath],
    ["revision", (wanted) => wanted.modelRevision],
    ["served_model_name", (wanted) => wanted.servedModelName],
    ["tp_size", (wanted) => wanted.tpSize],
    ["dp_size", (wanted) => wanted.dpSize],
    ["pp_size", (wanted) => wanted.ppSize],
    ["ep_size", (wanted) => wanted.epSize],
    ["mem_fraction_static", (wanted) => wanted.memFractionStatic],
    ["attention_backend", (wanted) => wanted.attentionBackend],
    ["prefill_attention_backend", (wanted) => wanted.prefillAttentionBackend],
    ["decode_attention_backend", (wanted) => wanted.decodeAttentionBackend],
    ["page_size", (wanted) => wanted.pageSize],
    ["kv_cache_dtype", (wanted) => wanted.kvCacheDtype],
    ["quantization", (wanted) => wanted.quantization],
    ["trust_remote_code", (wanted) => wanted.trustRemoteCode],
    ["tool_call_parser", (wanted) => wanted.toolCallParser],
    ["reasoning_parser", (wanted) => wanted.reasoningParser],
  ];

/** What every rank must tell as the server does. */
const rankFields: readonly string[] = ["weight_version", ...serverFields.map(([field]) => field)];

/** Every difference between the declared and the running engine, as "field: wanted x, got y". */
export function compareIdentity(wanted: EngineExpectation, running: SelfDescription): readonly string[] {
  const { model, server } = running;
  const listed = firstOf(running.models.data);
  const architecture = Array.isArray(model.architectures) ? model.architectures[0] : undefined;
  const rows: readonly (readonly [string, unknown, unknown])[] = [
    ["status", "ready", server.status],
    ["weight_version", wanted.weightVersion, model.weight_version],
    [
      "weight_version of /server_info",
      server.weight_version === undefined ? undefined : wanted.weightVersion,
      server.weight_version,
    ],
    ...serverFields.map(([field, declared]) => [field, declared(wanted), effective(server, field)] as const),
    ["id in /v1/models", wanted.servedModelName, listed?.id],
    ["architectures[0]", wanted.architecture, architecture],
    ["has_image_understanding", wanted.hasImageUnderstanding, model.has_image_understanding],
    ["max_model_len", wanted.contextLength, listed?.max_model_len],
  ];
  const differences = rows
    .filter(([, want, got]) => want !== undefined && want !== got)
    .map(([field, want, got]) => `${field}: wanted ${JSON.stringify(want)}, got ${JSON.stringify(got) ?? "nothing"}`);
  return [...differences, ...capacityFlaws(wanted, server), ...rankFlaws(server)];
}

/** How many facts of an expectation are declared. */
export function countDeclared(wanted: EngineExpectation): number {
  return Object.values(wanted).filter((value) => value !== undefined).length;
}

/** What the engine's memory has room for, against what a client may send. */
function capacityFlaws(wanted: EngineExpectation, server: JsonObject): readonly string[] {
  const flaws: string[] = [];
  const tokens = server.max_total_num_tokens;
  if (tokens !== undefined && !(Number(tokens) > 0)) {
    flaws.push(`max_total_num_tokens: wanted more than 0, got ${JSON.stringify(tokens)}: there is no KV pool`);
  }
  const longest = Number(server.max_req_input_len ?? 0);
  if (wanted.contextLength !== undefined && longest < wanted.contextLength - reservedTokens) {
    const need = wanted.contextLength - reservedTokens;
    flaws.push(
      `max_req_input_len: wanted at least ${need}, got ${longest}: the KV pool is too small for one full context`,
    );
  }
  return flaws;
}

/** Ranks whose arguments are not those of the front process, and ranks that are missing. */
function rankFlaws(server: JsonObject): readonly string[] {
  const ranks = ranksOf(server);
  const flaws = ranks.flatMap((rank, index) =>
    rankFields
      .filter((field) => field in rank && field in server && (rank[field] ?? "none") !== effective(server, field))
      .map((field) => {
        const wanted = JSON.stringify(effective(server, field));
        return `${field} of rank ${index}: wanted ${wanted} as the others, got ${JSON.stringify(rank[field])}`;
      }),
  );
  const size = server.dp_size;
  if (typeof size === "number" && ranks.length > 0 && ranks.length !== size) {
    flaws.push(`internal_states: wanted ${size}, one a data parallel rank, got ${ranks.length}`);
  }
  return flaws;
}

function ranksOf(server: JsonObject): readonly JsonObject[] {
  return Array.isArray(server.internal_states) ? server.internal_states.map((state) => objectOf(state) ?? {}) : [];
}

/** Only these fields leave the check: `/server_info` also holds API keys. */
export function identityFacts(running: SelfDescription): Record<string, Plain | null> {
  const { model, server } = running;
  const allowed: readonly (readonly [string, unknown])[] = [
    ["weightVersion", model.weight_version],
    ["modelPath", server.model_path],
    ["servedModelName", server.served_model_name],
    ["tpSize", server.tp_size],
    ["memFractionStatic", server.mem_fraction_static],
    ["attentionBackend", server.attention_backend],
    ["pageSize", server.page_size],
    ["kvCacheDtype", server.kv_cache_dtype],
    ["quantization", server.quantization],
    ["maxTotalTokens", server.max_total_num_tokens],
    ["maxInputTokens", server.max_req_input_len],
    ["version", server.version],
  ];
  return Object.fromEntries(allowed.map(([name, value]) => [name, isPlain(value) ? value : null]));
}

/**
 * What an argument amounts to. The front process shows null for what only the schedulers resolve, such as the attention
 * backends of the phases outside Hopper: then the first rank tells. Null there too is declared as `none`.
 */
export function effective(server: JsonObject, field: string): unknown {
  if (server[field] !== null) return server[field];
  return ranksOf(server)[0]?.[field] ?? "none";
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
